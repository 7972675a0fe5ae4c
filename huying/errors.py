"""Every deliberate error of the system, one tree, and the words for it in the user's language.

    HuyingError
    ├── Refused              the act can't be done now, or not by this person
    │   ├── NotAllowed       no word of the act's `by` fits the actor
    │   │   └── Accused      the case is about the actor's own unit
    │   ├── WrongStage       the act isn't open at this stage
    │   ├── WrongWhen        a kept fact, or the outcome, has another value
    │   ├── Stale            somebody decided since the page was read
    │   ├── DoerIsJudge      whoever handled may not judge
    │   ├── OwnQuestion      whoever asked may not answer
    │   ├── NothingToAnswer  the question isn't open
    │   ├── OpenChildren     children are still open
    │   ├── TooOften         a count's `most` is reached
    │   ├── NoCopy           the handling copy hasn't been made
    │   ├── TooLate          asked for after the due time
    │   ├── TooEarly         a time that belongs to somebody else hasn't passed yet
    │   ├── NothingToExtend  the answer clock isn't running
    │   ├── RulingStands     a ruling gave the case to the unit that objects
    │   ├── AlreadyTaken     the unit that objects has taken the case on
    │   ├── ActFirst         a matter of safety is acted on before it is disputed
    │   ├── NotReached       a first contact in which nobody was reached
    │   ├── GrantsSelf       an administrator would grant a role to themselves
    │   ├── TwoAdministrators one person would be two of the three administrators
    │   ├── WasReached       a try of the call-back that reached somebody
    │   ├── NoEvidence       the category asks for evidence
    │   ├── OutcomeRaised    whoever confirms would make the outcome better than claimed
    │   ├── Contradicts      the outcome doesn't agree with what was said
    │   ├── NotYours         by a desk that doesn't have the case
    │   ├── NotOutside       recorded by the unit that handles the case
    │   ├── SaidOnce         a fact that may never be said again
    │   ├── OnlyStreets      call-outs are for subdistricts
    │   ├── NotInHouse       the handler doesn't work for the lead
    │   ├── NoAssent         answered on the spot without the caller's assent
    │   ├── NotInOffice      whoever is said to have noted it was no leader then
    │   ├── Unanswered       a demand has no answer
    │   ├── DueAfterParent   a part due after its whole, without an approver
    │   ├── CannotCite       the other case isn't fit to be named
    │   ├── MayNotLead       the unit can't be lead
    │   ├── LeadIsAccused    the unit the case is about can't lead it
    │   ├── TooDeep          cases inside cases would go deeper than eight
    │   ├── CannotMerge      the survivor isn't fit
    │   ├── OthersMerged     others that were merged into it wait for its answer
    │   ├── ParentClosed     the parent must be reopened first
    │   ├── StillOpen        who is told of an open case can't be forgotten
    │   ├── Held             a legal hold keeps what is known
    │   └── Forgotten        nothing is decided any more on a case whose words are erased
    ├── BadInput             what was said is not usable; names the field, the problem and the mend
    │   ├── UnknownAct  UnknownField  MissingField  BadValue  TooLong  BadText  BadLimit  BadDate  BadFile
    │   ├── BadTable  BadMap  MissingColumn  BadRow
    │   ├── UnknownUnit  UnknownArea  UnknownCategory  UnknownPerson  UnknownCase  UnknownProcedure
    │   └── SecrecyMark      a text carries a mark of state secrecy
    ├── BadCall              what came through an interface can't be used as it was sent
    │   ├── NoKey  WrongKey  WrongScope  TooManyWrongKeys
    │   ├── UnknownJurisdiction  UnknownService  NotHandled  UnknownToken  UnknownRequest  NoSuchAddress
    │   ├── NotSent  NoPlace  SentTwice  BadMoment  BadSpan  OtherCall
    │   ├── WrongMethod  WrongKind  BadForm  TooLarge  TooSlow  TooMany  Busy
    │   └── NotFetched       an address that was sent leads to nothing that can be kept
    ├── NoCity               no city data was ever loaded
    ├── RealCity             invented cases were asked for in production
    ├── UnknownYear          the calendar has no official notice for a year
    ├── BadCity  BadProcedures   a folder with findings, each with file and line
    ├── WouldStrand          a new procedure would leave open cases in an unknown stage
    ├── Broken               the ledger itself contradicts itself
    └── StorageError
        ├── DatabaseAway     the database can't be reached
        ├── DatabaseBusy     another program holds it
        ├── StorageReadOnly  the database or the folder of files can't be written
        └── StorageFull      the database or the disk is full

Sentences are English here and translated through the gettext catalogue in `locale/`, so that
pure code needs no Django to speak the user's language.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import ClassVar

LOCALE = Path(__file__).parent / "locale"


# What breaks a line, a terminal or an encoding when a value that was sent is shown again.
_UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("django", LOCALE, [language.replace("-", "_")], fallback=True)


def say(msgid: str, language: str = "zh-Hans", **params: object) -> str:
    """The sentence `msgid` (English, with {named} places) in `language`, filled in.

    A text that the catalogue lacks stays English; a test fails on it.
    """
    text = msgid if language == "en" else _catalogue(language).gettext(msgid)
    return text.format(**{name: _in(value, language) for name, value in params.items()})


def _in(value: object, language: str) -> object:
    """A parameter that is itself words by language, or an error, in that language."""
    if isinstance(value, Mapping):
        return value.get(language) or value.get("zh-Hans") or ""
    if isinstance(value, str):
        return _UNSHOWN.sub("\N{REPLACEMENT CHARACTER}", value)
    return sentence(value, language) if isinstance(value, HuyingError) else value


def sentence(error: HuyingError, language: str = "zh-Hans") -> str:
    """What is wrong and how to mend it, in `language`."""
    parts = [say(part, language, **error.params) for part in (error.message, error.mend) if part]
    return (" " if language == "en" else "").join(parts)


class HuyingError(Exception):
    """A deliberate error: `message` says what is wrong, `mend` what to do; both are msgids."""

    message: ClassVar[str] = ""
    mend: ClassVar[str] = ""

    def __init__(self, **params: object) -> None:
        self.params = params
        super().__init__(sentence(self, "en"))

    @property
    def code(self) -> str:
        """The error's stable name for machines: its class."""
        return type(self).__name__


class Refused(HuyingError):
    """The act can't be done now, or not by this person. Nothing was written."""


class NotAllowed(Refused):
    message = "{actor} may not do “{act}” here; it is for: {by}."
    mend = "Ask somebody who holds one of these posts for this case."


class WrongStage(Refused):
    message = "“{act}” can't be done at the stage “{stage}”; it can at: {stages}."
    mend = "Look at the case again: the open acts are listed there."


class WrongWhen(Refused):
    message = "“{act}” needs {field} to be one of: {values}; it is {value}."
    mend = "Choose the act that fits, or have the fact corrected first."


class Stale(Refused):
    message = "{who} has done “{act}” on this case since you read it ({when})."
    mend = "Look at what changed and decide again; what you typed is kept."


class DoerIsJudge(Refused):
    message = "“{act}” must be done by somebody who did not handle the case; {who} did."
    mend = "Pass it to the call-back desk, the supervision desk or another reviewer."


class OwnQuestion(Refused):
    message = "“{act}” answers a question that {who} asked."
    mend = "Somebody else must decide it."


class NothingToAnswer(Refused):
    message = "“{act}” answers a question, but none is open ({clock})."
    mend = "Nothing needs to be done; look at the case again."


class OpenChildren(Refused):
    message = "“{act}” must wait: {count} part(s) of the case are still open ({parts})."
    mend = "Close or recall them first."


class TooOften(Refused):
    message = "“{act}” has been done as often as it may be ({most})."
    mend = "The ruling stands; go on with the case or ask the supervision desk."


class NoCopy(Refused):
    message = "“{act}” must wait until a clerk has made the handling copy: the caller's own words are sealed."
    mend = "Make the handling copy first, without anything that shows who called."


class TooLate(Refused):
    message = "“{act}” must come before the due time {due}."
    mend = "The original due time stands; give your answer as soon as you can."


class TooEarly(Refused):
    message = "“{act}” must wait until {due} has passed."
    mend = "Until then nobody is late, and nobody is called again."


class NothingToExtend(Refused):
    message = "“{act}”: no promise is running that could be extended."
    mend = "Look at the case again: its answer isn't due, or was sent already."


class RulingStands(Refused):
    message = "“{act}” isn't possible: it was ruled that {unit} handles this case, and a ruling is final."
    mend = "Go on with the case; if there are new facts, tell the dispatch desk in a note."


class AlreadyTaken(Refused):
    message = "“{act}” isn't possible: {unit} has taken this case on already."
    mend = "Go on with the case; if there are new facts, tell the dispatch desk in a note."


class ActFirst(Refused):
    message = "“{act}” must wait: a matter of safety is acted on first."
    mend = "Accept it and act; then object while acting."


class NotReached(Refused):
    message = "“{act}” is for when somebody was reached."
    mend = "Begin the work before contact and try again, or let the hotline confirm that there is no way."


class GrantsSelf(Refused):
    message = "{who} can't grant a role to themselves."
    mend = "Another security administrator grants it."


class TwoAdministrators(Refused):
    message = "{who} is {held} already and can't be {role} too: the three administrators are three people."
    mend = "Choose somebody else, or take the other role away first."


class WasReached(Refused):
    message = "“{act}” is for a try that reached nobody."
    mend = "Record that they were reached, and what they answered."


class NoEvidence(Refused):
    message = "“{act}”: the category “{category}” asks for {kind} as evidence."
    mend = "Attach it, or say why there is none."


class OutcomeRaised(Refused):
    message = "“{act}” may confirm the outcome “{claimed}” or lower it, not raise it to “{chosen}”."
    mend = "If more was done than the reply says, send it back, so that the unit says so itself."


class Contradicts(Refused):
    message = "The outcome “{outcome}” doesn't agree with what was said: {field}: {value}."
    mend = "Send it back to be done again, or choose the lower outcome that is true."


class NotOutside(Refused):
    message = "“{act}” must be recorded by somebody outside {unit}, which leads the case."
    mend = "Pass it to the hotline or the call-back desk."


class SaidOnce(Refused):
    message = "{field} was said once and stays as it is."
    mend = "Explain it in a note, if it needs explaining."


class Accused(NotAllowed):
    message = "This case is about {about}; {actor} belongs to it and has no part in the case."
    mend = "Somebody outside {about} must do it."


class OnlyStreets(Refused):
    message = "{unit} can't call out: that is for subdistricts and towns."
    mend = "Ask the subdistrict where the place lies."


class NotInHouse(Refused):
    message = "{person} doesn't hold a fitting post at {unit}."
    mend = "Choose somebody who holds a post there."


class NoAssent(Refused):
    message = "Only a consultation may be answered on the spot, and only if the caller agreed."
    mend = "Ask the caller and record the assent, or send the case on."


class NotInOffice(Refused):
    message = "{person} held no leader's post on {day}."
    mend = "Check the name and the date of the directive against the city's posts."


class Unanswered(Refused):
    message = "“{act}” needs an answer to each demand: there are {demands} demands and {answers} answers."
    mend = "Write one answer a line, in the order of the demands."


class DueAfterParent(Refused):
    message = "The part would be due on {due}, after the case that waits for it ({parent})."
    mend = "Choose an earlier date, or let the desk that opened the case or a supervisor hand it down."


class CannotCite(Refused):
    message = "Case {number} can't be named here: {why}."
    mend = "Register a follow-up as a new directive that names the earlier one; cite only what is no directive."


class MayNotLead(Refused):
    message = "{unit} can't be made answerable for a case."
    mend = "Choose a unit whose duty this is; a community can't lead."


class LeadIsAccused(Refused):
    message = "The case is about {about}; {unit} belongs to it and can't lead."
    mend = "Choose a unit outside {about}."


class TooDeep(Refused):
    message = "“{act}” would put cases inside cases {levels} deep; at most {most}."
    mend = "Hand the work down from the case above, or as a case of its own."


class CannotMerge(Refused):
    message = "Case {number} can't take this one in: {why}."
    mend = "Choose an open case of the same kind that isn't merged itself."


class NotYours(Refused):
    message = "“{act}” is for the desk that has the case: it is with {unit} now."
    mend = "Leave it to that desk; what you know can go into a note."


class OthersMerged(Refused):
    message = "“{act}” can't be done while other cases are merged into this one: they wait for its answer."
    mend = "Note that its requester steps out, or un-merge the others first."


class ParentClosed(Refused):
    message = "The case that this one belongs to ({number}) is closed."
    mend = "Reopen that one first."


class StillOpen(Refused):
    message = "Case {number} is still open: whoever called must still be told what comes of it."
    mend = "Have it answered and closed, or withdrawn by whoever called; then erase."


class Held(Refused):
    message = "Case {number} is under a legal hold ({ground}): what is kept must stay."
    mend = "When the ground has ceased, the supervision desk lifts the hold; then erase."


class Forgotten(Refused):
    message = "“{act}” isn't possible: the personal information of this case is erased, so nobody could go on with it."
    mend = "Register a new case."


class BadInput(HuyingError):
    """What was said can't be used: names the field, the value's problem and the mend."""


class UnknownAct(BadInput):
    message = "There is no act “{act}” in “{procedure}”."
    mend = "Acts: {acts}."


class UnknownField(BadInput):
    message = "“{act}” has no field “{field}”."
    mend = "Fields: {fields}."


class MissingField(BadInput):
    message = "“{act}” needs {field}."
    mend = "Fill it in and send again."


class BadValue(BadInput):
    message = "{field}: “{value}” is not usable."
    mend = "Expected: {expected}."


class TooLong(BadInput):
    message = "{field}: {length} characters are more than the {most} allowed."
    mend = "Shorten it, or attach it as a file."


class BadText(BadInput):
    message = "{field}: the text holds characters that can't be kept ({what})."
    mend = "Paste it again as plain text."


class BadLimit(BadInput):
    message = "“{value}” is not a limit."
    mend = "Write a number with its unit, such as 5wd (working days), 24h (hours), 4wh (working hours), 15d or 30min."


class BadDate(BadInput):
    message = "{field}: “{value}” is not a usable date."
    mend = "Write a date that exists, between {first} and {last}, such as 2026-06-15."


class BadFile(BadInput):
    message = "The file “{name}” can't be taken: {why}."
    mend = "Send a photo, PDF, Word, Excel, sound or film file of at most 20 MB."


class BadTable(BadInput):
    message = "The table “{name}” can't be read: {why}."
    mend = "Save it as CSV (UTF-8) or Excel with one header line, and try again."


class BadMap(BadInput):
    message = "The map “{name}” can't be used: {why}."
    mend = "See docs/how-to/import.md; `huying import` with --dry-run tries a map without writing."


class MissingColumn(BadInput):
    message = "The table has no column {missing}, which the map reads."
    mend = "Its columns: {columns}."


class BadRow(BadInput):
    message = "The row can't be taken: {why}."
    mend = "Mend it in the rejects file and import that."


class UnknownUnit(BadInput):
    message = "There is no unit “{unit}”."
    mend = "Look it up with `huying city units`."


class UnknownArea(BadInput):
    message = "There is no area “{area}”."
    mend = "Look it up with `huying city areas`."


class UnknownCategory(BadInput):
    message = "There is no category “{category}”."
    mend = "Look it up with `huying city categories`."


class UnknownPerson(BadInput):
    message = "There is nobody “{person}” in the city's data."
    mend = "Look the person up with `huying user list`."


class UnknownCase(BadInput):
    message = "There is no case “{number}”, or it isn't yours to see."
    mend = "Check the number: it has twelve digits, and the last one checks the others."


class UnknownProcedure(BadInput):
    message = "There is no procedure “{procedure}”."
    mend = "Procedures: {procedures}."


class SecrecyMark(BadInput):
    message = "{field} carries a mark of state secrecy; nothing of it was kept."
    mend = "Don't send it again: call {whom} and use a certified system."

    def __init__(self, **params: object) -> None:
        super().__init__(**{"whom": _SECRECY_OFFICE, **params})

    def calling(self, whom: Mapping[str, str] | None) -> SecrecyMark:
        """The same refusal with whom to call, as the city's texts name them (`secrecy_office`)."""
        return SecrecyMark(**{**self.params, "whom": whom or _SECRECY_OFFICE})


_SECRECY_OFFICE = {"zh-Hans": "本市保密部门", "en": "the city's secrecy office"}


class BadCall(HuyingError):
    """What came through an interface can't be used as it was sent. Nothing of it was kept."""


class NoKey(BadCall):
    message = "No api_key was sent, and this needs one."
    mend = "Ask the city for a key and send it as api_key."


class WrongKey(BadCall):
    message = "This api_key isn't valid."
    mend = "Check how it is written; for a revoked key ask the city for a new one."


class WrongScope(BadCall):
    message = "Key {key} is for: {scope}; it can't be used here."
    mend = "Use a key that was issued for this."


class TooManyWrongKeys(BadCall):
    message = "Too many wrong keys came from this address."
    mend = "Wait {minutes} minute(s), or send a valid key: that is answered at once."


class UnknownJurisdiction(BadCall):
    message = "There is no jurisdiction “{jurisdiction}” here."
    mend = "Send jurisdiction_id={known}, or leave it out."


class UnknownService(BadCall):
    message = "There is no service “{service}”."
    mend = "The list of services has every code."


class NotHandled(BadCall):
    message = "“{service}” isn't handled here."
    mend = "{referral}"


class UnknownToken(BadCall):
    message = "There is no request for the token “{token}”."
    mend = "Check it; a call that wasn't answered can be sent again under the same Idempotency-Key."


class UnknownRequest(BadCall):
    message = "There is no public request “{number}”."
    mend = "Check the number: it has twelve digits, and the last one checks the others."


class NoSuchAddress(BadCall):
    message = "There is nothing at this address."
    mend = "Look at {address}: it describes every address of this interface."


class NotSent(BadCall):
    message = "{field} wasn't sent."
    mend = "Send it and try again."


class NoPlace(BadCall):
    message = "No place was sent."
    mend = "Send lat and long, or address_string, or address_id."


class SentTwice(BadCall):
    message = "{field} was sent {times} times, and only one value can be kept."
    mend = "Send it once."


class BadMoment(BadCall):
    message = "{field}: “{value}” is not a usable time."
    mend = "Write a time that exists, with its zone, such as 2026-06-15T09:00:00+08:00."


class BadSpan(BadCall):
    message = "From start_date to end_date must be at least 0 and at most {most} days."
    mend = "Ask for several shorter spans."


class OtherCall(BadCall):
    message = "This Idempotency-Key came before with another call."
    mend = "Use a new one for each call, and the same one only to repeat a call unchanged."


class WrongMethod(BadCall):
    message = "{method} can't be used at this address."
    mend = "Use {allowed}."


class WrongKind(BadCall):
    message = "A body of the kind “{kind}” isn't read here."
    mend = "Send a form: application/x-www-form-urlencoded, or multipart/form-data with files."


class BadForm(BadCall):
    message = "The form can't be read: {why}."
    mend = "Send it again as a complete form in UTF-8."


class TooLarge(BadCall):
    message = "The call is larger than {most} MB."
    mend = "Send smaller files, or fewer."


class TooSlow(BadCall):
    message = "The call came too slowly and was given up; nothing of it was kept."
    mend = "Send it again over a better connection, or with smaller files."


class TooMany(BadCall):
    message = "More than {most} questions came within an hour."
    mend = "Ask again in {minutes} minute(s)."


class Busy(BadCall):
    message = "Too much is coming in at once; nothing of this call was kept."
    mend = "Send it again in a minute."


class NotFetched(BadCall):
    message = "{url} can't be fetched: {why}."
    mend = "Ask the caller to send the picture itself if it matters."

    @property
    def again(self) -> bool:
        """Whether it may be there later."""
        return bool(self.params.get("again"))


class NoCity(HuyingError):
    message = "No city data has been loaded yet."
    mend = "Run `huying init`, or `huying city load FOLDER`."


class RealCity(HuyingError):
    message = "This is a real city (production mode): invented cases never go into its ledger."
    mend = "Set HUYING_MODE=demo and HUYING_HOME to a folder of its own."


class UnknownYear(HuyingError):
    message = "The calendar has no official holiday notice for {year}, so working days can't be counted in it."
    mend = "Add calendars/{year}.json to the city folder when the notice is out, and load the folder again."


class BadCity(HuyingError):
    """A city folder with mistakes; `.findings` names each with file and line."""

    message = "The city folder has {count} mistake(s):\n{list}"

    def __init__(self, findings: Sequence[object]) -> None:
        self.findings = tuple(findings)
        super().__init__(count=len(self.findings), list="\n".join(str(f) for f in findings))


class BadProcedures(HuyingError):
    """A procedure file with mistakes; `.findings` names each with file and line."""

    message = "The procedures have {count} mistake(s):\n{list}"

    def __init__(self, findings: Sequence[object]) -> None:
        self.findings = tuple(findings)
        super().__init__(count=len(self.findings), list="\n".join(str(f) for f in findings))


class WouldStrand(HuyingError):
    message = "“{procedure}” would strand {count} open case(s) where it has no place ({where}); first: {cases}."
    mend = "Keep the old name, or map it with `renamed`."


class Broken(HuyingError):
    message = "The ledger of case {case} contradicts itself at entry {seq}: {why}."
    mend = "Run `huying audit` and keep the database as it is for the auditor."


class StorageError(HuyingError):
    """Nothing was half-written: the whole step was undone."""


class DatabaseAway(StorageError):
    message = "The database can't be reached; nothing of this step was kept."
    mend = "Try again in a minute; if it lasts, the administrator starts the database."


class DatabaseBusy(StorageError):
    message = "Another program holds the database; nothing of this step was kept."
    mend = "Try again in a minute; if it lasts, look for a long job or a backup that keeps the file locked."


class StorageReadOnly(StorageError):
    message = "The database or the folder of files can't be written; nothing of this step was kept."
    mend = "The administrator checks who owns HUYING_HOME, its permissions, and whether its disk is read-only."


class StorageFull(StorageError):
    message = "The database or the disk is full; nothing of this step was kept."
    mend = "Free disk space or raise the limit, then try again; everything accepted before is safe."
