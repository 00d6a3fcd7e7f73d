"""``tokenline``: the terminal client. `commands` is what one types, `talk` a sitting, `screen` what one sees."""
