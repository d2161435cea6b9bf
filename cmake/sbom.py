#!/usr/bin/env python3
"""What the two programs are made of, as SPDX 2.3 JSON: sbom.py BUILD [--list]

The shared libraries that they load, their Debian packages, and the packages whose headers were compiled in, which no
scanner of an image sees: asked from the loader, the build's own dependency records and dpkg. --list prints a table
instead. The same build gives the same text; its time is SOURCE_DATE_EPOCH, else that of the last commit.
"""

import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = ("proxy/stevedore-proxy", "controller/stevedore-controller")
LOADED, COMPILED_IN, SHIPPED = "loaded", "compiled in", "shipped"


def said_by(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout


def libraries(program):
    """The files that the loader takes for it, the loader too."""
    return set(re.findall(r"(/\S+) \(0x", said_by("ldd", str(program))))


def headers(build):
    """Every file outside of the project that a compilation of the programs in this build read."""
    found, of_programs = set(), False
    for line in said_by("ninja", "-C", str(build), "-t", "deps").splitlines():
        if not line.startswith(" "):
            of_programs = line.startswith(("proxy/", "controller/"))
        elif of_programs:
            found.add(line.strip())
    return {path for path in found if path.startswith("/") and not path.startswith(f"{ROOT}/")}


def packages_of(files):
    """{package: its files}. dpkg knows a file by its path before or after the merge of /lib into /usr."""
    packages, left = {}, set(files)
    for spelling in (lambda path: path, lambda path: f"/usr{path}", lambda path: path.removeprefix("/usr")):
        by_name = {spelling(path): path for path in left}
        if not by_name:
            break
        out = subprocess.run(["dpkg-query", "-S", *sorted(by_name)], capture_output=True, text=True).stdout
        for line in out.splitlines():
            owner, name = line.split(": ", 1)
            if name in by_name:
                packages.setdefault(owner.split(":")[0], set()).add(by_name[name])
                left.discard(by_name[name])
    if left:
        raise SystemExit(f"sbom: of no package: {' '.join(sorted(left))}")
    return packages


def details(package):
    """version, architecture, source package, home page"""
    form = "${Version}\t${Architecture}\t${source:Package}\t${source:Version}\t${Homepage}"
    fields = said_by("dpkg-query", "-W", "-f", form, package).split("\t")
    return dict(zip(("version", "architecture", "source", "source_version", "homepage"), fields))


def contents(build):
    """[(how, package, its details, files of it)], sorted."""
    loaded = packages_of(set().union(*(libraries(build / program) for program in PROGRAMS)))
    compiled = packages_of(headers(build))
    rows = [(LOADED, name, details(name), sorted(files)) for name, files in loaded.items()]
    rows += [(COMPILED_IN, name, details(name), []) for name in compiled]
    rows.append((SHIPPED, "ca-certificates", details("ca-certificates"), ["/etc/ssl/certs/ca-certificates.crt"]))
    return sorted(rows, key=lambda row: (row[0], row[1]))


def created():
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    if not seconds:
        log = subprocess.run(["git", "log", "-1", "--format=%ct"], capture_output=True, text=True, cwd=ROOT)
        seconds = log.stdout.strip() or "0"
    return datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def identifier(how, name):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", f"{how}-{name}")


def spdx_package(how, name, about, files):
    purl = f"pkg:deb/debian/{name.replace('+', '%2B')}@{about['version'].replace('+', '%2B').replace(':', '%3A')}"
    return {
        "SPDXID": identifier(how, name), "name": name, "versionInfo": about["version"],
        "supplier": "Organization: Debian", "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
        "homepage": about["homepage"] or "NOASSERTION", "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION", "copyrightText": f"see usr/share/doc/{name}/copyright",
        "sourceInfo": f"built from {about['source']} {about['source_version']}",
        "comment": f"{how}: {', '.join(map(os.path.basename, files))}" if files else how,
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                          "referenceLocator": f"{purl}?arch={about['architecture']}&distro=debian-12"}]}


def spdx(rows):
    version = re.search(r"^project\(stevedore VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text(), re.M).group(1)
    ours = {"SPDXID": "SPDXRef-stevedore", "name": "stevedore", "versionInfo": version,
            "supplier": "NOASSERTION", "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
            "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0", "copyrightText": "NOASSERTION"}
    kinds = {LOADED: "DYNAMIC_LINK", COMPILED_IN: "STATIC_LINK", SHIPPED: "CONTAINS"}
    relations = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
                  "relatedSpdxElement": "SPDXRef-stevedore"}]
    relations += [{"spdxElementId": "SPDXRef-stevedore", "relationshipType": kinds[how],
                   "relatedSpdxElement": identifier(how, name)} for how, name, _, _ in rows]
    document = {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"stevedore-{version}",
        "creationInfo": {"created": created(), "creators": [f"Tool: stevedore-sbom-{version}"]},
        "packages": [ours, *(spdx_package(*row) for row in rows)], "relationships": relations}
    name = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
    return {**document, "documentNamespace": f"urn:sha256:{name}"}


def main(arguments):
    if not arguments or arguments[1:] not in ([], ["--list"]):
        raise SystemExit(__doc__.strip())
    rows = contents(pathlib.Path(arguments[0]).resolve())
    if len(arguments) == 2:
        for how, name, about, files in rows:
            print(f"{how:12}{name:30}{about['version']:28}{' '.join(map(os.path.basename, files))}")
    else:
        print(json.dumps(spdx(rows), indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
