"""What python-docx has no words for: fields, bookmarks, content controls, pictures with an SVG beside the PNG."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from ..characters import clean

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from docx.text.paragraph import Paragraph as WordParagraph

SVG_EXTENSION = "{96DAC541-7B7A-43D3-8B79-37D633B846F1}"
SVG_NAMESPACE = "http://schemas.microsoft.com/office/drawing/2016/SVG/main"
LONGEST_NAME = 64  # characters in the title and the tag of a content control


def element(tag: str, **attributes: str) -> Any:
    """An element such as ``w:fldChar`` with attributes of the same namespace."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    made = OxmlElement(tag)
    prefix = tag.partition(":")[0]
    for name, value in attributes.items():
        made.set(qn(f"{prefix}:{name}"), value)
    return made


def field_start(paragraph: WordParagraph, instruction: str) -> None:
    """Open a field; what follows is its last result, up to `field_end`."""
    from docx.oxml.ns import qn

    paragraph.add_run()._r.append(element("w:fldChar", fldCharType="begin"))
    code = element("w:instrText")
    code.set(qn("xml:space"), "preserve")
    code.text = f" {instruction} "
    paragraph.add_run()._r.append(code)
    paragraph.add_run()._r.append(element("w:fldChar", fldCharType="separate"))


def field_end(paragraph: WordParagraph) -> None:
    """Close a field."""
    paragraph.add_run()._r.append(element("w:fldChar", fldCharType="end"))


def field(paragraph: WordParagraph, instruction: str, shown: str) -> None:
    """A field that Word computes, such as ``SEQ Figur``, and what it shows until then."""
    field_start(paragraph, instruction)
    paragraph.add_run(shown)
    field_end(paragraph)


def bookmark(paragraph: WordParagraph, name: str, number: int) -> None:
    """Mark the whole of a paragraph, for links to it."""
    start, end = element("w:bookmarkStart", id=str(number), name=name), element("w:bookmarkEnd", id=str(number))
    properties = paragraph._p.find(element("w:pPr").tag)
    paragraph._p.insert(0 if properties is None else 1, start)
    paragraph._p.append(end)


def link(paragraph: WordParagraph, name: str, text: str) -> None:
    """A link to a bookmark."""
    run = paragraph.add_run(clean(text))._r
    made = element("w:hyperlink", anchor=name, history="1")
    run.addprevious(made)
    made.append(run)


def content_control(key: str, title: str) -> tuple[Any, Any]:
    """A place that is filled by clicking and typing.

    Parameters
    ----------
    key, title : str
        Its tag, for programs, and its title, for people; cut where Word would refuse them.

    Returns
    -------
    control, content : element
        What is put into the text, and what its placeholder paragraphs are put into.
    """
    control, properties, content = element("w:sdt"), element("w:sdtPr"), element("w:sdtContent")
    properties.append(element("w:alias", val=clean(title)[:LONGEST_NAME]))
    properties.append(element("w:tag", val=clean(key)[:LONGEST_NAME]))
    properties.append(element("w:showingPlcHdr"))
    control.extend([properties, content])
    return control, content


def contents_control() -> tuple[Any, Any]:
    """The frame in which Word offers to update a table of contents; as in `content_control`."""
    control, properties, content = element("w:sdt"), element("w:sdtPr"), element("w:sdtContent")
    part = element("w:docPartObj")
    part.extend([element("w:docPartGallery", val="Table of Contents"), element("w:docPartUnique")])
    properties.append(part)
    control.extend([properties, content])
    return control, content


def picture(word: WordDocument, paragraph: WordParagraph, svg: str, png: bytes, width: int, name: str, alternative: str,
            number: int) -> None:  # fmt: skip
    """A picture as Word itself stores an SVG: the PNG for programs that know no SVG, the SVG for the others.

    Parameters
    ----------
    word : docx.document.Document
    paragraph : docx.text.paragraph.Paragraph
    svg : str
    png : bytes
    width : int
        In English Metric Units; the height follows.
    name, alternative : str
        What the picture is called, and what is told to someone who does not see it.
    number : int
        Of the figure, from 1.
    """
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    run = paragraph.add_run()
    run.add_picture(BytesIO(png), width=width)
    place = PackURI.from_rel_ref(word.part.partname.baseURI, f"media/figure{number}.svg")
    part = Part(place, "image/svg+xml", clean(svg).encode(), word.part.package)
    relation = word.part.relate_to(part, RELATIONSHIP_TYPE.IMAGE)
    (blip,) = run._r.xpath(".//a:blip")
    blip.append(
        parse_xml(
            f'<a:extLst {nsdecls("a", "r")}><a:ext uri="{SVG_EXTENSION}">'
            f'<asvg:svgBlip xmlns:asvg="{SVG_NAMESPACE}" r:embed="{relation}"/></a:ext></a:extLst>'
        )
    )
    (described,) = run._r.xpath(".//wp:docPr")
    described.set("name", clean(name))
    described.set("descr", clean(alternative))
