"""`python -m dropdub` is `jobs`."""

from dropdub.cli.app import main

if __name__ == "__main__":
    main()
