"""``python -m tokenline.client``: the same as ``tokenline``."""

from tokenline.client.terminal.commands import main

if __name__ == "__main__":
    main()
