#!/bin/sh
# Install Dropdub for the current user:          sh install.sh [--root DIR] [--quality] [--no-models] [--service]
# Uninstall it and keep your files:              sh install.sh --uninstall
# All options:                                   sh install.sh --help
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
# -P: Python imports nothing from the folder of the installer.
for python in python3.11 python3.12 python3.13 python3; do
  if command -v "$python" >/dev/null 2>&1 &&
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    exec "$python" -P "$here/installer.py" "$@"
  fi
done
echo "Dropdub needs Python 3.11 or newer, and none was found. On Debian or Ubuntu, run: sudo apt-get install python3 python3-venv" >&2
exit 2
