# Install Dropdub for the current user:          .\install.ps1 [--root DIR] [--quality] [--no-models] [--service]
# Uninstall it and keep your files:              .\install.ps1 --uninstall
# All options:                                   .\install.ps1 --help
# If PowerShell refuses to run scripts:          powershell -ExecutionPolicy Bypass -File install.ps1
$ErrorActionPreference = 'Stop'
$installer = Join-Path $PSScriptRoot 'installer.py'
$candidates = @(@('py', '-3.11'), @('py', '-3.12'), @('py', '-3.13'), @('py', '-3'), @('python'), @('python3'))
foreach ($candidate in $candidates) {
    $program = Get-Command $candidate[0] -CommandType Application -ErrorAction SilentlyContinue | Select-Object -First 1
    if (-not $program) { continue }
    $options = @($candidate | Select-Object -Skip 1)
    # The "python" that the Microsoft Store installs prints an advertisement and fails, so each candidate is tried.
    $ErrorActionPreference = 'Continue'
    & $program.Source @options -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>$null | Out-Null
    $found = $LASTEXITCODE -eq 0
    $ErrorActionPreference = 'Stop'
    if ($found) {
        # -P: Python imports nothing from the folder of the installer.
        & $program.Source @options -P $installer @args
        exit $LASTEXITCODE
    }
}
[Console]::Error.WriteLine('Dropdub needs Python 3.11 or newer, and none was found. Get it from https://www.python.org/downloads/ or run: winget install Python.Python.3.11')
exit 2
