"""The documents as a user would upload them."""

from pathlib import Path

from tests.support import documents, word

FOLDER = Path(__file__).parent / "files"

REPORT = (
    "Harbour Cycles plc. Annual report for the year 2025. To our shareholders. The past year was the best since the company "
    "was founded by the sisters Ida and Greta Holm in a garage in Aarhus in 2009. We sold 48,200 bicycles, eleven per cent more "
    "than in the year before. Demand for cargo bikes was especially strong. Rising prices of aluminium reduced our margin. We "
    "thank the 312 people who work for us in four countries.",
    "Figures. Revenue reached 61.4 million euros, up from 55.0 million. Profit after tax was 3.9 million euros. The board "
    "proposes a dividend of 0.42 euros for each share. Net debt fell to 8.1 million euros. Spending on research was raised by a "
    "third, to 2.7 million euros. Germany remained the largest market with 38 per cent of sales, followed by Denmark with 21 per "
    "cent.",
    "Outlook and risks. For the coming year we expect revenue between 64 and 67 million euros. A second plant will open in Porto "
    "in the autumn; it is to make 20,000 frames a year. The greatest risk is our dependence on a single supplier of batteries, "
    "Voltara of Gdansk. A contract with a second supplier shall be signed before summer. Currency effects are hedged for twelve "
    "months.",
    "Governance. The board met nine times. Chairman is Henrik Lund; the finance committee is led by Professor Sofia Marques. "
    "The auditors, Bell and Partners, confirmed the accounts without reservation. Women hold five of the eleven seats of the "
    "board. The annual meeting takes place in Aarhus on 14 May at 2 p.m.",
)


def labelled_files() -> dict[str, bytes]:
    """Content by name."""
    made = {"report.pdf": documents.pdf(REPORT), "minutes.docx": _minutes()}
    return {path.name: path.read_bytes() for path in sorted(FOLDER.iterdir())} | made


def _minutes() -> bytes:
    heading, say = "berschrift1", word.paragraph
    return word.docx(
        say("Project Lantern: weekly meeting", style=heading),
        say("Present: Priya, Tom, Alejandra, Wei. Excused: Birgit. Next meeting on Monday at ten in room Saturn."),
        say("Search page", style=heading),
        say(
            "Wei showed the new filter. Users found what they wanted in 11 seconds on average; with the old page it took them "
            "27. Nobody used the map. We agreed to hide the map behind a button and to keep the list of recent searches."
        ),
        say("Payments", style=heading),
        say(
            "Tom reported that the bank rejects about two per cent of the refunds. The cause is a changed account format. He "
            "will write to the bank by Friday. Until then, refunds are done by hand. Alejandra asked for an alarm when more than "
            "five refunds fail within an hour."
        ),
        say("Launch", style=heading),
        say(
            "The launch moves from 3 to 17 June, because the translation into Portuguese is late. Marketing keeps the old date "
            "for the press release. Priya decides whether the beta testers get the discount of 15 per cent."
        ),
        word.table(
            [
                ["Task", "Who", "Until"],
                ["Order the load test", "Wei", "28 May"],
                ["Translate the help pages", "Alejandra", "10 June"],
                ["Renew the certificate", "Tom", "2 June"],
            ]
        ),
    )
