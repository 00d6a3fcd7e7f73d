"""Words that say nothing about what a question is about, and words that ask about a file as a whole."""

_ENGLISH = """
a about all also am an and any are as at be been but by can could did do does doing for from get give had has have he
her here his how i if in into is it its me may more much many my no not of on or our out please say says she so some
tell than that the their them there these they this those to us was we were what when where which who whom whose why
will with would you your
"""
_GERMAN = """
aber als auch auf aus bei bin bis das dass dem den der des die doch du ein eine einem einen einer er es für hat ich ihr
im in ist ja kann man mit nach nicht oder sich sie sind so und uns von vor war was wann wer wie wird wir wo zu zum zur
"""
_FRENCH = """
au avec ce ces dans de des du elle en est et il ils je la le les leur mais ne nous on ou par pas pour que quel quelle
qui sa se ses son sur un une vous
"""
_SPANISH = """
como con cual cuando de del el en es esta este la las lo los no para por que quien qué se su un una y
"""
_OVERVIEW = """
about attached attachment brief briefly contain content describe describing document explain file gist key main
overview page paper pdf point read report short shortly sum summary summarise summarize summarizing summarising
text tl dr tldr topic up upload uploaded
anhang beschreibe bericht datei dieser dieses diese dokument fass fasse fassen geht inhalt kurz steht text thema
überblick worum zusammen zusammenfassen zusammenfassung
contenu document décris fichier parle présente quoi résume résumer résumé sujet texte
archivo describe documento resume resumen resumir texto trata tema
"""

_WEAK = """
long old high far often heavy large big hot fast deep wide much many last lasts take takes need needs needed cost costs
mean means happen happens allowed must may should use used one thing things new
groß hoch lang lange schwer weit alt oft teuer breit tief schnell warm viel viele dauert gilt beträgt kostet bedeutet
gehört heißt gibt darf muss soll neu neue neuer neuen welche welcher welches welchem
"""

STOP_WORDS = frozenset(f"{_ENGLISH} {_GERMAN} {_FRENCH} {_SPANISH}".split())
OVERVIEW_WORDS = frozenset(_OVERVIEW.split())
WEAK_WORDS = frozenset(_WEAK.split())
"""They ask for a measure or join a question together: an answer may do without them."""
