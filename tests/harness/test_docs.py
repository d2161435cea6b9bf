"""harness.docs reads pages as GitHub shows them."""

from harness import docs

PAGE = """\
# A page: `x` [of](other.md#here) what?

See [this](https://example.com), [that](#second-part) and `[no](link)`.

```yaml refused=PortConflict
kind: A
---
kind: B
```

## Second part

1. In a list:

   ```sh
   kubectl apply -f - <<'EOF'
   apiVersion: v1
   kind: C
   EOF
   ```
"""


def page(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    return path


def test_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    refused, shell, typed = docs.blocks(page(tmp_path))
    assert (refused.name, refused.language, refused.word("refused")) == ("page.md:5", "yaml", "PortConflict")
    assert refused.documents() == [{"kind": "A"}, {"kind": "B"}]
    assert shell.text.startswith("kubectl apply") and shell.word("refused") is None
    assert typed.language == "yaml" and typed.documents() == [{"apiVersion": "v1", "kind": "C"}]
    assert docs.blocks(page(tmp_path), "sh") == [shell]


def test_links_and_anchors(tmp_path):
    path = page(tmp_path)
    assert docs.links(path) == [(tmp_path / "other.md", "here"), (path, "second-part")]
    assert docs.anchors(path) == {"a-page-x-of-what", "second-part"}
    assert docs.anchor_of("`spec.rules[].match[]`") == "specrulesmatch"
    assert docs.spans(path) == ["x", "[no](link)"]
