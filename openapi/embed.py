"""Turns the sources of this folder into one C++ file: both specs as JSON, and the page that shows them.

    embed.py VERSION FOLDER OUTPUT
"""

import base64
import hashlib
import json
import pathlib
import sys

import yaml

DELIMITER = "macp_text"  # of the raw string literals


def spec(path: pathlib.Path, version: str) -> str:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["info"]["version"] = version
    published = {key: value for key, value in document.items() if not key.startswith("x-yaml-")}
    return json.dumps(published, ensure_ascii=False, separators=(",", ":"))


def source_hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def page(folder: pathlib.Path) -> tuple[str, str]:
    """The page with its style and script inside, and the policy that allows just these two."""
    style = (folder / "docs.css").read_text(encoding="utf-8")
    script = (folder / "docs.js").read_text(encoding="utf-8")
    html = (folder / "docs.html").read_text(encoding="utf-8")
    for mark, text in (("/* docs.css */", style), ("/* docs.js */", script)):
        if html.count(mark) != 1 or "</script" in text or "</style" in text:
            sys.exit(f"docs.html must hold {mark} once, and neither file may end its element")
        html = html.replace(mark, text)
    policy = (
        f"default-src 'none'; style-src {source_hash(style)}; script-src {source_hash(script)}; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return html, policy


def literal(name: str, text: str) -> str:
    if f"){DELIMITER}\"" in text:
        sys.exit(f"{name} holds the end of its own literal")
    return f'std::string_view {name}() {{\n    return R"{DELIMITER}({text}){DELIMITER}";\n}}\n'


def main() -> None:
    version, folder, output = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    html, policy = page(folder)
    texts = {
        "openapi_json": spec(folder / "openapi.yaml", version),
        "asyncapi_json": spec(folder / "asyncapi.yaml", version),
        "docs_html": html,
        "docs_policy": policy,
    }
    lines = ["// Made by openapi/embed.py; changes are lost.", '#include "openapi/embedded.hpp"', ""]
    lines += ["namespace macp::openapi {", ""]
    lines += [literal(name, text) for name, text in texts.items()]
    lines += ["}  // namespace macp::openapi", ""]
    output.write_text("\n".join(lines), encoding="utf-8")


main()
