"""`python -m dropdub` is `dropdub`."""

from dropdub.cli.app import main

if __name__ == "__main__":
    main()
