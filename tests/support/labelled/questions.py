"""What is asked of the documents, and the words that answer it.

Every second question was kept aside while the offline model was made; see `HELD_OUT`.
"""

from typing import NamedTuple


class Labelled(NamedTuple):
    """``says`` stands in the sentence or row that answers, on one line."""

    asked: str
    file: str
    says: str


ANSWERED = tuple(
    Labelled(*line)
    for line in (
        ("How often must I descale the coffee machine?", "manual.md", "Descale the machine every three months"),
        ("Can I put the sieve into the dishwasher?", "manual.md", "Wash the tray and the sieve by hand"),
        ("How long does the guarantee last?", "manual.md", "The guarantee runs for 30 months"),
        ("What does it mean when the red lamp blinks twice?", "manual.md", "Red lamp blinks twice"),
        ("How many grams of coffee for a small cup?", "manual.md", "A small cup takes 7 grams"),
        ("May I use vinegar for descaling?", "manual.md", "never vinegar"),
        ("Why is the pump so loud?", "manual.md", "Pump is very loud"),
        ("How do I froth milk?", "manual.md", "Milk is frothed best"),
        ("Where do I send the machine for repair?", "manual.md", "our workshop in Bristol"),
        ("Wie hoch ist die Kaution?", "mietvertrag.txt", "also 1.440 Euro"),
        ("Wann beginnt das Mietverhältnis?", "mietvertrag.txt", "beginnt am 1. März 2025"),
        ("Darf ich einen Hund halten?", "mietvertrag.txt", "Hunde und Katzen bedürfen"),
        ("Wie groß ist die Wohnung?", "mietvertrag.txt", "Die Wohnfläche beträgt 78 Quadratmeter"),
        ("Welche Kündigungsfrist gilt für den Mieter?", "mietvertrag.txt", "Die Kündigungsfrist beträgt"),
        ("Ist Grillen auf dem Balkon erlaubt?", "mietvertrag.txt", "Grillen auf dem Balkon"),
        ("Bis wann muss die Miete gezahlt werden?", "mietvertrag.txt", "spätestens am dritten Werktag"),
        ("Wie viele Schlüssel werden übergeben?", "mietvertrag.txt", "drei Haustürschlüssel"),
        ("Wie viel kosten kleine Reparaturen den Mieter höchstens?", "mietvertrag.txt", "Kleinere Reparaturen bis 80 Euro"),
        ("What does birch plywood cost?", "prices.csv", "Birch plywood"),
        ("Which hinges are out of stock?", "prices.csv", "Hinge brass"),
        ("How many days does the larch decking take to deliver?", "prices.csv", "Larch decking"),
        ("price of linseed oil", "prices.csv", "Linseed oil"),
        ("What is article A-3001?", "prices.csv", "A-3001"),
        ("How much is a library card for adults?", "faq.md", "A card costs 12 euros a year"),
        ("How long can I keep a film?", "faq.md", "films and games for one"),
        ("What is the fee for returning items late?", "faq.md", "We charge 20 cents"),
        ("What does a colour print cost?", "faq.md", "Printing costs 10 cents"),
        ("Is the library open on Sundays?", "faq.md", "On Sunday and Monday all branches stay closed"),
        ("Where is food allowed?", "faq.md", "Food is allowed in the café"),
        ("Can I return books at night?", "faq.md", "The slot next to the main entrance"),
        ("Wer wurde zur Sportwartin gewählt?", "protokoll.md", "Zur Sportwartin wird Miriam Schulte"),
        ("Wie hoch ist der neue Jahresbeitrag für Erwachsene?", "protokoll.md", "Der Jahresbeitrag für Erwachsene steigt"),
        ("Wie viele Mitglieder hat der Ruderverein?", "protokoll.md", "von 188 auf 204"),
        ("Was hat die Reparatur des Daches gekostet?", "protokoll.md", "Reparatur des Daches mit 17.200 Euro"),
        ("Wann ist die nächste Versammlung?", "protokoll.md", "Die nächste Versammlung findet am 20. Februar"),
        ("Was darf das neue Boot kosten?", "protokoll.md", "Der Preis darf 14.000 Euro"),
        ("Wer ist der neue Bootswart?", "protokoll.md", "Als Bootswart löst Tomasz Nowak"),
        ("Was bedeutet die Meldung E07 der Wärmepumpe?", "handbuch.html", "Ventilator blockiert"),
        ("Wie weit muss das Außengerät vom Nachbarn entfernt sein?", "handbuch.html", "mindestens drei Meter"),
        ("Welcher Anlagendruck ist richtig?", "handbuch.html", "zwischen 1,2 und 1,8 bar"),
        ("Wie oft soll ich das Luftgitter reinigen?", "handbuch.html", "Reinigen Sie das Luftgitter zweimal"),
        ("Wie lange gilt die Gewährleistung auf den Verdichter?", "handbuch.html", "Auf den Verdichter gewähren wir fünf Jahre"),
        ("Wie schwer ist das Gerät?", "handbuch.html", "142 Kilogramm"),
        ("Welche Telefonnummer hat Dorothee Krause?", "personal.csv", "Dorothee Krause"),
        ("In welchem Raum sitzt Cem Yildiz?", "personal.csv", "Cem Yildiz"),
        ("Seit wann arbeitet Oskar Wendt hier?", "personal.csv", "Oskar Wendt"),
        ("When is business class allowed?", "policy.md", "Business class is allowed only on flights"),
        ("What is the hotel limit in Zurich?", "policy.md", "220 euros in London, Paris and Zurich"),
        ("How much allowance do I get for half a day?", "policy.md", "for half a day it is 22 euros"),
        ("Whom do I tell when my laptop is lost?", "policy.md", "Report lost laptops"),
        ("By when must expense claims be submitted?", "policy.md", "Hand in your claims within 30 days"),
        ("How many cents per kilometre for a private car?", "policy.md", "the company pays 32 cents"),
        ("Wann wurde Wessenau zum ersten Mal erwähnt?", "stadt.txt", "im Jahr 1187 zum ersten Mal"),
        ("Wie hoch ist der Turm der Stadtkirche?", "stadt.txt", "61 Meter hoch"),
        ("Wo brach der große Brand aus?", "stadt.txt", "Er brach in der Backstube am Nordtor aus"),
        ("Wann wurde der Bahnhof eröffnet?", "stadt.txt", "Der Bahnhof wurde 1868 eröffnet"),
        ("Wie viele Besucher hat das Lichterfest?", "stadt.txt", "50.000 Besucher"),
        ("How hot must the oven be for the cake?", "recipe.txt", "Heat the oven to 180 degrees"),
        ("How many eggs are needed?", "recipe.txt", "3 eggs"),
        ("How long does the cake keep?", "recipe.txt", "The cake keeps for three days"),
        ("Can I use pears instead of apples?", "recipe.txt", "With pears it works just as well"),
        ("Who is on call for the billing service?", "service.json", "Yasmin Otieno"),
        ("When does the deployment freeze begin?", "service.json", "from 15 December"),
        ("How many requests per minute are allowed?", "service.json", "600"),
        ("How many bicycles were sold in 2025?", "report.pdf", "We sold 48,200 bicycles"),
        ("What dividend is proposed?", "report.pdf", "proposes a dividend of 0.42 euros"),
        ("Who founded Harbour Cycles?", "report.pdf", "founded by the sisters Ida and Greta Holm"),
        ("When is the annual meeting of shareholders?", "report.pdf", "on 14 May"),
        ("What is the greatest risk of the company?", "report.pdf", "The greatest risk is"),
        ("Where will the second plant open?", "report.pdf", "A second plant will open in Porto"),
        ("When is the launch?", "minutes.docx", "The launch moves from 3 to 17 June"),
        ("Why does the bank reject refunds?", "minutes.docx", "The cause is a changed account format"),
        ("Who renews the certificate?", "minutes.docx", "Renew the certificate"),
        ("How fast did users find things with the new filter?", "minutes.docx", "in 11 seconds"),
    )
)
UNANSWERED = (
    "Who wrote the opera Tosca?",
    "What is the capital of Mongolia?",
    "Wie wird das Wetter morgen in Hamburg?",
    "How do I train for a marathon?",
    "Which vaccines does a puppy need?",
    "Wer ist Bundeskanzler?",
    "Explain quantum entanglement",
    "Welches Medikament hilft gegen Kopfschmerzen?",
)
HELD_OUT = ANSWERED[1::2]
"""Never looked at one by one; the rest was."""
