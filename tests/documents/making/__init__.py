"""Files written byte by byte, for those who must read them."""
