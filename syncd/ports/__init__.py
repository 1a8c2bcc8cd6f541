"""What the core asks of the world: one module per neighbour, Protocols and the values that cross the border.

`clock` time; `source` unit websites; `portal` the provincial portal; `ranking` the ranking engine; `mail` the mail
server; `store` our own database and `records` its rows; `files` the captures; `rendering` templates. Third-party adapters may rely on these.
"""
