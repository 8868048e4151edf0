"""Where answers are kept: every one at once, as an event and in its table, each only once."""

from __future__ import annotations

import base64
import datetime
import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from explainable_recsys.app.study import tables
from explainable_recsys.app.study.databases import Database, parsed_url
from explainable_recsys.errors import InputError
from explainable_recsys.study.plan import Plan, parse_plan, plan_hash
from explainable_recsys.wording.phrases import phrase

PATIENCE = 5.0
"""Seconds to wait for others who write."""

LEAST_TOKEN = 32
"""Characters of a token from which on nobody guesses it."""

NOTHING: dict[str, str | None] = {
    **dict.fromkeys(("consent_version", "consented_at", "finished_at", "code_hash")),
    **dict.fromkeys(("language", "started_at"), ""),
}
"""What stays in the row of somebody who withdrew, besides the day."""

T = TypeVar("T")

Clock = Callable[[], datetime.datetime]
"""Tells the time, with its zone."""


class RefusedError(InputError):
    """What somebody may not do, or not any more: without consent, after the end, withdrawn."""


@dataclass(frozen=True)
class Study:
    """A study that people take part in, with the run and the code that it began with."""

    slug: str
    plan: Plan
    plan_hash: str
    run_id: str
    data_version: str
    code_version: str
    made_at: str


@dataclass(frozen=True)
class Participant:
    """Somebody who takes part; times are in UTC, None for what has not been."""

    id: str
    study: str
    number: int
    language: str
    consent_version: str | None
    started_at: str
    consented_at: str | None
    finished_at: str | None
    withdrawn_at: str | None


@dataclass(frozen=True)
class Rating:
    """A rating, by its item; position: which was rated first, from 1."""

    item_id: str
    rating: float
    position: int


@dataclass(frozen=True)
class Listed:
    """An item of the recommender's list when the ratings were done, and which kinds explain it."""

    rank: int
    item_id: str
    score: float | None
    explained: Sequence[str] = ()


@dataclass(frozen=True)
class Shown:
    """A recommendation as it is shown: the trial, and its reason as text and as data."""

    position: int
    kind: str
    form: str
    item_id: str
    rank: int
    score: float | None
    stratum: int
    sentence: str
    reason: Any


@dataclass(frozen=True)
class Task:
    """A task, what can be chosen, and what the right answer is."""

    task: str
    number: int
    item_id: str
    kind: str
    options: Any


@dataclass(frozen=True)
class Event:
    """Something that somebody did."""

    at: str
    kind: str
    key: str
    payload: Any


@dataclass(frozen=True)
class Answer:
    """What was answered to a question; None: it was left out.

    A step at which nothing is asked has one with an empty question.
    """

    step: str
    question: str
    value: str | None
    seconds: float


class Store:
    """Answers of studies, and in another database, without any link, addresses of raffles."""

    def __init__(self, answers: Database, emails: Callable[[], Database], clock: Clock) -> None:
        """Hold the answers; addresses are opened where there are any.

        Args:
            answers: A database.
            emails: Opens the other.
            clock: Tells the time.
        """
        self._answers, self._open_emails, self._clock = answers, emails, clock
        self._opened: Database | None = None

    @property
    def _emails(self) -> Database:
        """The other database, opened once."""
        if self._opened is None:
            self._opened = self._open_emails()
        return self._opened

    def _now(self) -> str:
        time = self._clock().astimezone(datetime.UTC)
        return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def close(self) -> None:
        """Let go of the files."""
        self._answers.close()
        if self._opened is not None:
            self._opened.close()

    # Studies

    def register(self, plan: Plan, run_id: str, data_version: str, code_version: str) -> Study:
        """Begin a study, or go on with it.

        Args:
            plan: The study.
            run_id: Of the run that recommends and explains.
            data_version: Hash of its data.
            code_version: Of this program, as `code_version`.

        Returns:
            The study as it began, whatever version of the program goes on with it.

        Raises:
            InputError: If people take part in it by another plan or run, or addresses are to be
                kept and their database cannot be opened.
        """
        if plan.raffle is not None:
            _ = self._emails
        row = {
            "slug": plan.slug,
            "plan": plan.model_dump(mode="json"),
            "plan_hash": plan_hash(plan),
            "run_id": run_id,
            "data_version": data_version,
            "code_version": code_version,
            "made_at": self._now(),
        }
        begun = sa.select(sa.func.count()).where(tables.participant.c.study == plan.slug)
        with self._answers.writing() as connection:
            found = _study(connection, plan.slug)
            if found is None:
                connection.execute(sa.insert(tables.study).values(row))
            elif (found.plan_hash, found.run_id) != (row["plan_hash"], run_id):
                if connection.scalar(begun):
                    changed = "plan" if found.plan_hash != row["plan_hash"] else "run"
                    kept = found.plan_hash[:8] if changed == "plan" else found.run_id
                    raise InputError(
                        f"study '{plan.slug}': people take part in it by another {changed}; "
                        f"accepted: the {changed} {kept}, or a plan with another slug"
                    )
                here = tables.study.c.slug == plan.slug
                connection.execute(sa.update(tables.study).where(here).values(row))
            known = _study(connection, plan.slug)
        assert known
        return known

    def study(self, slug: str) -> Study | None:
        """A study that has begun."""
        with self._answers.reading() as connection:
            return _study(connection, slug)

    def slugs(self) -> list[str]:
        """Names of the studies that have begun."""
        with self._answers.reading() as connection:
            return list(connection.scalars(sa.select(tables.study.c.slug).order_by("slug")))

    def make_codes(self, slug: str, n: int) -> list[str]:
        """Codes with each of which one person can take part; only their hashes are kept."""
        made = [_code(secrets.token_bytes(10)) for _ in range(n)]
        rows = [{"study": slug, "code_hash": hashed(code)} for code in made]
        with self._answers.writing() as connection:
            connection.execute(sa.insert(tables.code), rows)
        return made

    # People

    def enter(
        self, slug: str, language: str, code: str | None = None, token: str | None = None
    ) -> tuple[str, Participant]:
        """Somebody comes in.

        Args:
            slug: Of a study that has begun.
            language: Which they read.
            code: Where the plan asks for one. Who comes again with it goes on.
            token: That a page has offered, at least 32 characters; to enter twice with it is to
                enter once. One is made without.

        Returns:
            The token by which they go on, which is not kept here, and who they are.

        Raises:
            RefusedError: If the study asks for a code and this is none of its own.
        """
        with self._answers.writing() as connection:
            row = sa.select(tables.study).where(tables.study.c.slug == slug).with_for_update()
            study = connection.execute(row).mappings().first()
            if study is None:
                raise InputError(f"no study '{slug[:40]}' has begun here")
            code_hash = None
            if study["plan"]["codes"]:
                code_hash = _checked_code(connection, slug, code)
                token = hashlib.sha256(f"{slug} {code_hash} {_tidy(code)}".encode()).hexdigest()
            if token is None or len(token) < LEAST_TOKEN:
                token = secrets.token_urlsafe(32)
            found = _participant(connection, tables.participant.c.token_hash == hashed(token))
            if found is not None and found.study != slug:
                raise RefusedError(f"study '{slug[:40]}': this token is of another one")
            return token, found or self._entered(
                connection, slug, language, hashed(token), code_hash
            )

    def participant(self, token: str) -> Participant | None:
        """Who has a token; None if nobody has."""
        with self._answers.reading() as connection:
            return _participant(connection, tables.participant.c.token_hash == hashed(token))

    def participants(self, slug: str) -> list[Participant]:
        """All of a study by their numbers, those who withdrew too."""
        of = tables.participant.c.study == slug
        return self._rows(Participant, tables.participant, of, tables.participant.c.number)

    def consent(self, one: Participant, version: str) -> None:
        """Note that somebody consents to a version of the text; the first time counts."""
        with self._answers.writing() as connection:
            current, at = _current(connection, one), self._now()
            if current.consented_at is None:
                _is_new(connection, one, Event(at, "consent", "consent", version))
                _note(connection, one, consented_at=at, consent_version=version)

    def finish(self, one: Participant) -> str:
        """Nothing can be changed any more.

        Returns:
            The code with which somebody can withdraw; the same each time.
        """
        with self._answers.writing() as connection:
            current, at = _current(connection, one), self._now()
            _check_consented(current)
            if current.finished_at is None:
                _is_new(connection, one, Event(at, "finish", "finish", None))
                _note(connection, one, finished_at=at)
        return withdrawal_code(one.id)

    # What they do

    def rate(self, one: Participant, item_id: str, rating: float | None, key: str) -> None:
        """Keep a rating; None takes it back.

        Raises:
            RefusedError: Without consent, or when the recommendations are made.
        """

        def change(connection: sa.Connection) -> None:
            table, mine = tables.rating, tables.rating.c.participant == one.id
            if connection.scalar(sa.select(tables.listed.c.rank).where(_of(tables.listed, one))):
                raise RefusedError(
                    phrase("The recommendations are made; ratings stay as they are.")
                )
            here = sa.and_(mine, table.c.item_id == item_id)
            before = connection.scalar(sa.select(table.c.position).where(here))
            connection.execute(sa.delete(table).where(here))
            if rating is not None:
                last = connection.scalar(sa.select(sa.func.max(table.c.position)).where(mine)) or 0
                row = {"rating": rating, "position": before or last + 1, "at": self._now()}
                connection.execute(
                    sa.insert(table).values(participant=one.id, item_id=item_id, **row)
                )

        self._do(one, "rate", {"item_id": item_id, "rating": rating}, key, change)

    def prepare(
        self,
        one: Participant,
        listed: Sequence[Listed],
        trials: Sequence[Shown],
        tasks: Sequence[Task],
        key: str,
    ) -> None:
        """Keep what is shown to somebody; what was kept first stays, whoever asks again."""
        parts = ((tables.listed, listed), (tables.trial, trials), (tables.task, tasks))

        def change(connection: sa.Connection) -> None:
            if connection.scalar(sa.select(tables.listed.c.rank).where(_of(tables.listed, one))):
                return
            for table, rows in parts:
                made = [{**plain(asdict(row)), "participant": one.id} for row in rows]
                if made:
                    connection.execute(sa.insert(table), made)

        about = {"listed": len(listed), "trials": len(trials), "tasks": len(tasks)}
        self._do(one, "prepare", about, key, change)

    def save(
        self,
        one: Participant,
        step: str,
        answers: Mapping[str, str | None],
        seconds: float,
        key: str,
    ) -> None:
        """Keep the answers of a page.

        Args:
            one: Who answers.
            step: Its name.
            answers: By question; None for one that is left out.
            seconds: For which the page was looked at; a clock that goes back counts as none.
            key: Of the form. The same form sent again with the same answers changes nothing.

        Raises:
            RefusedError: Without consent, or at the end.
        """
        given = {name: _writable(value) for name, value in answers.items()} or {"": None}

        def change(connection: sa.Connection) -> None:
            table, at = tables.answer, self._now()
            mine = sa.and_(_of(table, one), table.c.step == step)
            connection.execute(sa.delete(table).where(mine, table.c.question.in_(list(given))))
            rows = [
                {"question": name, "value": value, "seconds": max(0.0, seconds)}
                for name, value in given.items()
            ]
            same = {"participant": one.id, "step": step, "at": at}
            connection.execute(sa.insert(table), [{**row, **same} for row in rows])

        payload = {"step": step, "answers": given, "seconds": max(0.0, seconds)}
        self._do(one, "save", payload, key, change)

    def note(self, one: Participant, kind: str, payload: Any, key: str) -> None:
        """Keep that something happened, such as that a page was shown."""
        self._do(one, kind, payload, key, lambda _: None)

    # What is known of them

    def ratings(self, one: Participant) -> list[Rating]:
        """Somebody's ratings, the first first."""
        return self._rows(Rating, tables.rating, _of(tables.rating, one), tables.rating.c.position)

    def listed(self, one: Participant) -> list[Listed]:
        """The recommender's list; empty before `prepare`."""
        return self._rows(Listed, tables.listed, _of(tables.listed, one), tables.listed.c.rank)

    def trials(self, one: Participant) -> list[Shown]:
        """What is shown, in order; empty before `prepare`."""
        return self._rows(Shown, tables.trial, _of(tables.trial, one), tables.trial.c.position)

    def tasks(self, one: Participant) -> list[Task]:
        """Tasks, by name and number."""
        by = (tables.task.c.task, tables.task.c.number)
        return self._rows(Task, tables.task, _of(tables.task, one), *by)

    def answers(self, one: Participant) -> dict[str, dict[str, str | None]]:
        """Answers by step and question, also of steps at which all was left out."""
        found: dict[str, dict[str, str | None]] = {}
        for row in self.answer_rows(one):
            step = found.setdefault(row.step, {})
            if row.question:
                step[row.question] = row.value
        return found

    def answer_rows(self, one: Participant) -> list[Answer]:
        """The same with the seconds, as they were given."""
        by = (tables.answer.c.at, tables.answer.c.step, tables.answer.c.question)
        return self._rows(Answer, tables.answer, _of(tables.answer, one), *by)

    def events(self, one: Participant) -> list[Event]:
        """All that somebody did, in order."""
        return self._rows(Event, tables.event, _of(tables.event, one), tables.event.c.id)

    # Deleting

    def withdraw(self, code: str) -> bool:
        """Delete everything of somebody but that somebody withdrew.

        Args:
            code: Which they got at the end; small letters and blanks do not matter.

        Returns:
            False if they had done so before.

        Raises:
            RefusedError: If nobody has the code.
        """
        of = tables.participant.c.withdrawal_hash == hashed(_tidy(code))
        with self._answers.writing() as connection:
            one = _participant(connection, of, locked=True)
            if one is None:
                raise RefusedError(f"nobody here has the code '{code[:40]}'")
            if one.withdrawn_at is None:
                _note(connection, one, **NOTHING, withdrawn_at=self._now()[:10])
                _delete(connection, sa.select(sa.literal(one.id)))
        return one.withdrawn_at is None

    def overdue(self, today: datetime.date) -> dict[str, datetime.date]:
        """Studies whose answers were to be kept until a day that is over, and that day."""
        with self._answers.reading() as connection:
            found = [
                _study(connection, slug)
                for slug in connection.scalars(sa.select(tables.study.c.slug).order_by("slug"))
            ]
        days = {
            one.slug: one.plan.closes + datetime.timedelta(days=one.plan.keep_days)
            for one in found
            if one
        }
        return {slug: day for slug, day in days.items() if day < today}

    def expire(self, today: datetime.date) -> list[str]:
        """Delete the studies that are overdue, with their addresses.

        Returns:
            Their names.
        """
        gone = list(self.overdue(today))
        for slug in gone:
            study = self.study(slug)
            if study is not None and study.plan.raffle is not None:
                with self._emails.writing() as connection:
                    of = tables.email.c.study == slug
                    connection.execute(sa.delete(tables.email).where(of))
            with self._answers.writing() as connection:
                mine = tables.participant.c.study == slug
                everybody = sa.update(tables.participant).where(mine)
                connection.execute(everybody.values(withdrawn_at=self._now()))
                _delete(connection, sa.select(tables.participant.c.id).where(mine))
                for table, name in (
                    (tables.participant, "study"),
                    (tables.code, "study"),
                    (tables.study, "slug"),
                ):
                    connection.execute(sa.delete(table).where(table.c[name] == slug))
        return gone

    # Addresses

    def leave_email(self, slug: str, address: str) -> None:
        """Keep an address, once; the day is kept, and nothing of who left it."""
        row = {"study": slug, "address": _writable(address.strip())}
        here = sa.and_(*(tables.email.c[name] == value for name, value in row.items()))
        with self._emails.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("LOCK TABLE email IN EXCLUSIVE MODE"))
            if connection.execute(sa.select(tables.email).where(here)).first() is None:
                day = self._now()[:10]
                connection.execute(sa.insert(tables.email).values(**row, at_day=day))

    def emails(self, slug: str) -> list[str]:
        """Addresses that were left, by the alphabet."""
        of = sa.select(tables.email.c.address).where(tables.email.c.study == slug)
        with self._emails.reading() as connection:
            return sorted(connection.scalars(of))

    def forget_email(self, slug: str, address: str) -> bool:
        """Delete an address, however its domain is written.

        Returns:
            Whether it was there.
        """
        of = tables.email.c.study == slug
        with self._emails.writing() as connection:
            left = connection.scalars(sa.select(tables.email.c.address).where(of)).all()
            same = [one for one in left if _mailbox(one) == _mailbox(address)]
            mine = sa.and_(of, tables.email.c.address.in_(same))
            connection.execute(sa.delete(tables.email).where(mine))
        return bool(same)

    def _do(
        self,
        one: Participant,
        kind: str,
        payload: Any,
        key: str,
        change: Callable[[sa.Connection], None],
    ) -> None:
        """Add an event and change a table, both or neither; nothing where it was done already."""
        with self._answers.writing() as connection:
            current = _current(connection, one)
            if not _is_new(connection, one, Event(self._now(), kind, key, plain(payload))):
                return
            _check_consented(current)
            if current.finished_at is not None:
                raise RefusedError(phrase("You have finished; nothing can be changed any more."))
            change(connection)

    def _entered(
        self,
        connection: sa.Connection,
        slug: str,
        language: str,
        token_hash: str,
        code_hash: str | None,
    ) -> Participant:
        last = sa.select(sa.func.max(tables.participant.c.number)).where(
            tables.participant.c.study == slug
        )
        number = connection.scalar(last)
        row = {
            "id": secrets.token_hex(16),
            "study": slug,
            "number": 0 if number is None else number + 1,
            "token_hash": token_hash,
            "code_hash": code_hash,
            "language": language,
            "started_at": self._now(),
        }
        row["withdrawal_hash"] = hashed(withdrawal_code(str(row["id"])))
        connection.execute(sa.insert(tables.participant).values(row))
        made = _participant(connection, tables.participant.c.id == row["id"])
        assert made
        _is_new(connection, made, Event(made.started_at, "enter", "enter", None))
        return made

    def _rows(
        self, record: type[T], table: sa.Table, which: sa.ColumnElement[bool], *by: Any
    ) -> list[T]:
        names = [field.name for field in fields(record)]  # type: ignore[arg-type]
        query = sa.select(*(table.c[name] for name in names)).where(which).order_by(*by)
        with self._answers.reading() as connection:
            return [record(*row) for row in connection.execute(query)]


def now() -> datetime.datetime:
    """The time."""
    return datetime.datetime.now(datetime.UTC)


def open_store(
    url: str, emails_url: str = "", patience: float = PATIENCE, clock: Clock = now
) -> Store:
    """Open a store; its tables are made, or brought up to date.

    Args:
        url: A file, or a URL of SQLite or PostgreSQL.
        emails_url: Of the other database, for addresses; empty: a file beside that of the answers
            with `-emails` in its name, or a database of the same server with `_emails`.
        patience: Seconds to wait for others who write.
        clock: Tells the time.

    Raises:
        StoreError: If a database cannot be opened or written.
        InputError: If a URL is none, its driver is not there, both are the same, or the tables are
            not ours or of a newer version.
    """
    emails_url = emails_url or _apart(parsed_url(url))
    if parsed_url(emails_url) == parsed_url(url):
        raise InputError("addresses are kept apart from answers; accepted: two databases")
    answers = Database(url, "answers", patience)
    return Store(answers, lambda: Database(emails_url, "emails", patience), clock)


def _apart(url: sa.URL) -> str:
    """Where addresses go, by where answers do."""
    assert url.database
    name = f"{url.database}_emails"
    if url.drivername == "sqlite":
        file = Path(url.database)
        name = str(file.with_name(f"{file.stem}-emails{file.suffix}"))
    return url.set(database=name).render_as_string(hide_password=False)


def hashed(secret: str) -> str:
    """What is kept of a token or a code."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def withdrawal_code(participant_id: str) -> str:
    """The code with which somebody can withdraw.

    >>> withdrawal_code("0" * 32)
    'FBNK-6BEA-NKE7-VTEY'
    """
    return _code(hashlib.sha256(f"withdraw {participant_id}".encode()).digest()[:10])


def plain(value: Any) -> Any:
    """A value as JSON has it: NumPy's numbers as Python's, and None for what is missing.

    >>> plain({"a": (1.0, float("nan"))})
    {'a': [1.0, None]}
    """
    if isinstance(value, Mapping):
        return {_writable(str(key)): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, str):
        return _writable(value)
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and value != value else value


def _writable(text: str | None) -> str | None:
    """A text without the characters that databases cannot hold."""
    return text and text.replace("\0", "").encode("utf-8", "replace").decode()


def _mailbox(address: str) -> tuple[str, str]:
    """Who an address is of, and where; the case of the latter does not matter."""
    name, _, domain = address.strip().rpartition("@")
    return name, domain.lower()


def _code(random: bytes) -> str:
    return _tidy(base64.b32encode(random).decode())


def _tidy(code: str | None) -> str:
    """A code as it was given out, however it is typed."""
    letters = "".join((code or "").upper().replace("-", "").split())
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def _of(table: sa.Table, one: Participant) -> sa.ColumnElement[bool]:
    return table.c.participant == one.id


def _study(connection: sa.Connection, slug: str) -> Study | None:
    query = sa.select(tables.study).where(tables.study.c.slug == slug)
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    return Study(**{**row, "plan": parse_plan(row["plan"], f"study '{slug}'")})


def _participant(
    connection: sa.Connection, which: sa.ColumnElement[bool], locked: bool = False
) -> Participant | None:
    columns = [tables.participant.c[field.name] for field in fields(Participant)]
    query = sa.select(*columns).where(which)
    row = connection.execute(query.with_for_update() if locked else query).first()
    return None if row is None else Participant(*row)


def _current(connection: sa.Connection, one: Participant) -> Participant:
    """Somebody as they are now; others who change something of them wait.

    Raises:
        RefusedError: If they withdrew.
    """
    found = _participant(connection, tables.participant.c.id == one.id, locked=True)
    if found is None or found.withdrawn_at is not None:
        raise RefusedError(phrase("You have withdrawn; nothing of you is kept any more."))
    return found


def _check_consented(one: Participant) -> None:
    if one.consented_at is None:
        raise RefusedError(phrase("Nothing is kept without your consent."))


def _is_new(connection: sa.Connection, one: Participant, what: Event) -> bool:
    """Add an event, unless what was sent last with its key was the same, however late it is."""
    table = tables.event
    mine = sa.and_(_of(table, one), table.c.key == what.key)
    query = sa.select(table.c.kind, table.c.payload).where(mine).order_by(table.c.turn.desc())
    before = connection.execute(query).all()
    if before and before[0].kind == what.kind:
        last, sent = (
            {**payload, "seconds": 0} if isinstance(payload, dict) else payload
            for payload in (before[0].payload, what.payload)
        )
        if last == sent:
            return False
    row = {"participant": one.id, "turn": len(before), **asdict(what)}
    connection.execute(sa.insert(table).values(row))
    return True


def _checked_code(connection: sa.Connection, slug: str, code: str | None) -> str:
    found = hashed(_tidy(code))
    here = sa.and_(tables.code.c.study == slug, tables.code.c.code_hash == found)
    if connection.execute(sa.select(tables.code).where(here)).first() is None:
        raise RefusedError(f"study '{slug}': '{(code or '')[:40]}' is none of its codes")
    return found


def _note(connection: sa.Connection, one: Participant, **values: str | None) -> None:
    of = tables.participant.c.id == one.id
    connection.execute(sa.update(tables.participant).where(of).values(values))


def _delete(connection: sa.Connection, people: sa.Select[Any]) -> None:
    """Delete what people did, who have been noted as withdrawn."""
    for table in tables.OF_A_PERSON:
        connection.execute(sa.delete(table).where(table.c.participant.in_(people)))
