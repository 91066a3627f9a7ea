"""`python -m l7audit`: the command line where its script is not on the PATH."""

from l7audit.cli.main import main

if __name__ == "__main__":
    main()
