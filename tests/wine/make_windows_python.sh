#!/bin/bash
# Put together a real Windows CPython 3.11 that Wine runs, in DEST: DEST/wpy and DEST/wpyw run it.
#   make_windows_python.sh DEST PYTHON REPOSITORY [PACKAGE]...
# Needs wine, x86_64-w64-mingw32-gcc and unzip; PYTHON is a CPython 3.11 with pip. The interpreter is Microsoft's
# build out of the panda3d wheel, its library PYTHON's own. Exit code 3: the packages could not be had.
set -euo pipefail
dest=$1 python=$2 repository=$3
shift 3
home=$dest/py packages=$dest/py/Lib/site-packages compiler=x86_64-w64-mingw32-gcc
mkdir -p "$home/DLLs" "$packages" "$dest/build"
cd "$dest/build"
windows=(--platform win_amd64 --python-version 3.11 --implementation cp --only-binary=:all:)
"$python" -m pip download -q --no-deps "${windows[@]}" -d . panda3d==1.10.16 || exit 3
unzip -qoj panda3d-*.whl 'deploy_libs/*.pyd' 'deploy_libs/lib*.dll' deploy_libs/sqlite3.dll -d "$home/DLLs"
unzip -qoj panda3d-*.whl deploy_libs/python311.dll deploy_libs/VCRUNTIME140.dll -d "$home"
rm panda3d-*.whl
library=$("$python" -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
(cd "$library" && tar cf - --exclude=site-packages --exclude=lib-dynload --exclude=test --exclude=__pycache__ \
  --exclude='config-3*' --exclude='_sysconfigdata*' .) | tar xf - -C "$home/Lib"

cat > program.c <<'C'
#include <windows.h>
typedef int (*Main)(int, wchar_t **);
static int run(int count, wchar_t **words) {
  HMODULE python = LoadLibraryW(L"python311.dll");
  Main main = python ? (Main)(void *)GetProcAddress(python, "Py_Main") : 0;
  return main ? main(count, words) : 101;
}
#ifdef WINDOWLESS
int WINAPI wWinMain(HINSTANCE a, HINSTANCE b, LPWSTR c, int d) { return run(__argc, __wargv); }
#else
int wmain(int count, wchar_t **words) { return run(count, words); }
#endif
C
$compiler -O2 -municode -o "$home/python.exe" program.c
$compiler -O2 -municode -mwindows -DWINDOWLESS -o "$home/pythonw.exe" program.c
# The stable-ABI library that psutil needs, and that the wheel lacks: it hands everything on.
{
  echo 'LIBRARY "python3.dll"'
  echo EXPORTS
  x86_64-w64-mingw32-objdump -p "$home/python311.dll" |
    awk '/\[Ordinal\/Name Pointer\] Table/{f=1;next} f&&/\[/{print $NF} f&&/^$/{f=0}' |
    grep -E '^_?Py' | sed 's/.*/  &=python311.&/'
} > stable.def
echo 'int __stdcall DllMainCRTStartup(void*h,unsigned r,void*x){return 1;}' > stable.c
$compiler -shared -nostdlib -e DllMainCRTStartup -o "$home/python3.dll" stable.c stable.def
# Wine 8 has no bcryptprimitives.dll, which pydantic_core asks for random numbers.
cat > random.c <<'C'
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T count) { return SystemFunction036(bytes, (ULONG)count); }
C
$compiler -shared -O2 -o "$home/bcryptprimitives.dll" random.c -ladvapi32

# colorama and tzdata: what other packages ask for on Windows only.
"$python" -m pip install -q --target "$packages" "${windows[@]}" "$@" colorama tzdata || exit 3
# Newer numpys need a function that Wine 8 lacks; py3langid asks for one, and does with this.
rm -rf "$packages"/numpy "$packages"/numpy.libs "$packages"/numpy-*
"$python" -m pip install -q --target "$packages" --no-deps "${windows[@]}" numpy==1.26.4 || exit 3
mkdir source  # a build leaves folders behind in its source
cp -r "$repository"/src "$repository"/{pyproject.toml,README.md,LICENSE} source
cp -r "$repository"/plugins/light plugin
"$python" -m pip install -q --target "$packages" --no-deps ./source ./plugin || exit 3
for kind in python:wpy pythonw:wpyw; do
  cat > "$dest/${kind#*:}" <<S
#!/bin/sh
# Its standard streams must be pipes or /dev/null.
export WINEPREFIX='$dest/prefix' WINEARCH=win64 WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml='
exec wine '$home/${kind%:*}.exe' "\$@" </dev/null
S
  chmod +x "$dest/${kind#*:}"
done
