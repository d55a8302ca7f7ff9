"""What a server of tools says of them, judged: pure, without rows and without Django.

schemas   is this a schema that arguments can be checked by, and do these arguments fit it
names     what a model calls a tool
words     descriptions and results, as text that can do nothing
"""
