"""Words that say little about what a text is about."""

from typing import Final

_ENGLISH: Final = """
    about above across actually after again against ago ain't all almost alone along already
    also although always among and another any anybody anyone anything anyway are aren't
    around away back became because become been before behind being below best better between
    beyond big both but came can can't cannot cant com come comes could couldn't did didn't
    didnt does doesn't doesnt doing don't done dont down during each either else enough even
    ever every everybody everyone everything far few first for from full further gave get gets
    getting give given goes going gone got had hadn't has hasn't have haven't having he'd
    he'll he's her here here's hers herself him himself his how however html http https i'd
    i'll i'm i've indeed instead into isn't isnt it'd it'll it's its itself ive just keep kind
    knew know known last least less let let's like likely little long look lot lots made make
    makes making many may maybe mean means might mine more most much must myself near net
    never new next nobody none nor not nothing now off often okay old once one one's only org
    other others our ours ourselves out over own part people perhaps put quite rather real
    really said same say saying says see seem seems seen she she'd she'll she's should
    shouldn't since some somebody someone something sometimes soon still stuff such sure take
    taken takes tell than that that's thats the their theirs them themselves then there
    there's therefore these they they'd they'll they're they've theyre thing things think this
    those though thought through thus time today together told too toward towards try trying
    under unless until upon use used very via want wants was wasn't way we'd we'll we're we've
    well went were weren't what what's whatever when where whether which while who who's whole
    whom whose why will with within without won't wont would wouldn't www yeah yes yet you
    you'd you'll you're you've your youre yours yourself yourselves
"""
_REPLIES: Final = """
    absolutely agree agreed agreement amen appreciate article articles awesome beautifully
    bravo brilliant comment commenter comments completely correct disagree entirely exactly
    excellent fact fantastic fully good great hear hundred idea interesting lol love loved
    nail nailed nice nicely opinion per percent perfect perfectly piece point points post
    posted posting posts question read reader readers reading reply respond right share shared
    sharing spot stated statement story summed thank thanks thread totally true truly truth
    view views wonderful word words write writer writing written wrong wrote
"""
"""What agreeing, disagreeing and thanking is done with."""
_GERMAN: Final = """
    aber alle als auch auf aus bei bin bis das dass dem den der des dich doch dort durch ein
    eine einem einen einer eines etwas euch für gegen habe haben hat hatte hier ich ihm ihn
    ihr immer ist jetzt kann kein keine machen mal mehr mich mit muss nach nicht nichts noch
    nur oder ohne schon sehr sein seine sich sie sind soll und uns unter viel vom von vor
    warum was wenn wer werden wie wieder wir wird wurde zum zur über
"""
_FRENCH: Final = """
    aussi autre avec avoir bien car cela ces cette ceux chez comme comment dans depuis des
    donc elle elles encore est eux fait faut ils les leur leurs mais moi mon même nous ont par
    pas pendant peu peut pourquoi puis quand que quel quelle qui quoi sans ses sont sous sur
    tous tout toute trop très une vous était être
"""
_SPANISH: Final = """
    algo ante antes así aunque che chi como con contra cosa così cuando dalla das degli del
    della delle desde dos durante ele eles ella ellos entre era esa ese eso esta este esto
    estos está están foi gli hace hai han hanno hasta hay hoy isso isto lei loro los luego
    mais mas mesmo mis molto mucho muito muy más nao nei nel nella nos nosotros nuestro não
    otra otro para pela pelo per perché pero però più poco por porque qual quando que quem
    questa questo quien quiere qué sea sem ser será seu siempre sin sobre solo sono sua sul
    sulla sus también também tem tiene todo todos tudo tutti tutto uma una uno usted você
"""
"""And Portuguese, and Italian."""

LIGHT_WORDS: Final = frozenset(f"{_ENGLISH} {_REPLIES} {_GERMAN} {_FRENCH} {_SPANISH}".split())
"""Function words of some languages, and the words of short replies.

Left out are those that carry matter in English, such as "die" and "war". In a language that is not
here every word counts; then more comments meet that have nothing in common but such words.
"""
