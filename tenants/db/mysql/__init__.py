"""MariaDB through PyMySQL, which no machine has to compile; Django only asks for it by another name."""

import pymysql

pymysql.install_as_MySQLdb()
