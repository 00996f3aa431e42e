"""Coming in, staying in, and being kept out."""

import re

import pytest

from moderation.errors import ReviewError
from moderation.review import log
from moderation.review.access import links, sessions, tokens
from moderation.review.web.access import AccessOptions, first_link
from tests.moderation.review.access.conftest import ADMIN, PASSWORD
from tests.moderation.review.desk import ANNA, Desk
from tests.moderation.review.web.access.site import Site, Tab, make_app


def test_nobody_gets_a_page_without_signing_in(site: Site) -> None:
    """Whoever is not signed in is led to the sign-in page and, from there, back."""
    tab = site.browser()
    answer = tab.get("/items/c%2F1%3Fx?a=b&c=%26")
    assert 303 == answer.status_code
    assert "/login?next=%2Fitems%2Fc%2F1%253Fx%3Fa%3Db%26c%3D%2526" == answer.headers["location"]
    page = tab.get(answer.headers["location"]).text
    where = re.search(r'name="next" value="([^"]+)"', page)
    assert where
    answer = tab.sign_in("anna", next=where.group(1).replace("&amp;", "&"))
    assert "/items/c/1%3Fx?a=b&c=%26" == answer.headers["location"]
    assert "anna moderator /items/c/1%3Fx" == tab.get(answer.headers["location"]).text


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/api/v1/items", {}),
        ("/events", {}),
        ("/", {"accept": "text/event-stream"}),
        ("/parts", {"x-console": "1"}),
    ],
)
def test_programs_are_told_so_in_json(site: Site, path: str, headers: dict[str, str]) -> None:
    """A script or an event stream is not led to a page that it cannot read."""
    answer = site.browser().get(path, headers=headers)
    assert (401, "application/problem+json") == (
        answer.status_code,
        answer.headers["content-type"],
    )
    assert "not_signed_in" == answer.json()["code"]


def test_first_start(desk: Desk) -> None:
    """The printed link makes the first admin, who is then signed in; there is no second one."""
    path = first_link(desk.store)
    tab = Tab(make_app(desk), base_url="http://localhost", follow_redirects=False)
    assert "The first admin" in tab.get(path).text
    answer = tab.fill(path, {"name": "ada", "password": "short", "again": "short"}, page=path)
    assert 400 == answer.status_code
    assert "at least 12 characters" in answer.text
    good = {"name": "ada", "password": PASSWORD, "again": PASSWORD}
    answer = tab.fill(path, good | {"again": "another password"}, page=path)
    assert "The two passwords differ." in answer.text
    answer = tab.fill(path, good, page=path)
    assert (303, "/") == (answer.status_code, answer.headers["location"])
    assert "ada admin /" == tab.get("/").text
    assert "" == first_link(desk.store)
    assert 410 == tab.get(path).status_code


def test_invitation_and_reset(site: Site) -> None:
    """An admin invites, the invited person comes in; a later link is for a new password."""
    ada, ben = site.browser("ada"), site.browser()
    ada.page = "/users"
    answer = ada.fill("/users/invite", {"name": "ben", "role": "moderator"})
    found = re.search(r">http://localhost(/welcome/[\w-]{43})<", answer.text)
    assert found
    again = {"password": PASSWORD, "again": PASSWORD}
    answer = ben.fill(found.group(1), again, page=found.group(1))
    assert 303 == answer.status_code
    assert "ben moderator /" == ben.get("/").text
    assert "works no more" in site.browser().get(found.group(1)).text
    answer = ada.fill("/users/ben/link")
    found = re.search(r">http://localhost(/welcome/[\w-]{43})<", answer.text)
    assert found
    assert "A new password for ben" in site.browser().get(found.group(1)).text
    assert "ben moderator /" == ben.get("/").text


def test_wrong_password_says_nothing_about_the_name(site: Site) -> None:
    """The same answer for a name that exists and for one that does not, and a lock for both."""
    tab = site.browser()
    for _ in range(10):
        one = tab.sign_in("anna", "not the password")
        other = tab.sign_in("somebody", "not the password")
        assert 422 == one.status_code
        marks = [re.sub("anna|somebody", "x", answer.text) for answer in (one, other)]
        assert marks[0] == marks[1]
        assert "trollbridge-session" not in tab.cookies
    one, other = tab.sign_in("anna"), tab.sign_in("somebody")
    assert [429, 429] == [one.status_code, other.status_code]
    assert "ask an admin for a link" in one.text
    site.desk.time += 61
    assert 303 == tab.sign_in("anna").status_code


def test_session_is_not_fixed_before_signing_in(site: Site) -> None:
    """A session key that somebody planted is never the one that is signed in."""
    tab, planted = site.browser(), "A" * 43
    tab.cookies.set("trollbridge-session", planted, domain="localhost.local")
    tab.sign_in("anna")
    keys = {cookie.value for cookie in tab.cookies.jar if cookie.name == "trollbridge-session"}
    assert sessions.find(site.desk.store, planted) is None
    before = keys - {planted}
    assert 1 == len(before)
    # Signing in again in the same browser is another session, and ends the first.
    tab = site.browser("anna")
    first = tab.cookies["trollbridge-session"]
    page = tab.csrf("/me")
    tab.post("/login", data={"csrf": page, "name": "lea", "password": PASSWORD})
    assert first != tab.cookies["trollbridge-session"]
    assert sessions.find(site.desk.store, first) is None
    assert "lea lead /" == tab.get("/").text


def test_stolen_cookie_is_worth_nothing_after_signing_out(site: Site) -> None:
    """Signing out ends the session itself, not only this browser's memory of it."""
    tab = site.browser("anna")
    stolen = {"trollbridge-session": tab.cookies["trollbridge-session"]}
    thief = Tab(site.app, base_url="http://localhost", follow_redirects=False, cookies=stolen)
    assert "anna moderator /" == thief.get("/").text
    assert "/login" == tab.fill("/logout").headers["location"]
    assert "trollbridge-session" not in tab.cookies
    assert 303 == thief.get("/").status_code


def test_revoked_sessions(site: Site) -> None:
    """A person ends another browser's session, and an admin ends all of theirs."""
    one, two, ada = site.browser("anna"), site.browser("anna"), site.browser("ada")
    other = next(
        view.id
        for view in sessions.own(site.desk.store, "anna")
        if f"/me/sessions/{view.id}/end" in one.get("/me").text
    )
    assert 303 == one.fill(f"/me/sessions/{other}/end").status_code
    assert 404 == ada.fill(f"/me/sessions/{other}/end").status_code
    assert "anna moderator /" == one.get("/").text
    one.fill("/me/sessions/end")
    assert 303 == two.get("/").status_code
    ada.fill("/users/anna/sign-out", page="/users")
    assert 303 == one.get("/").status_code


def test_changed_role_takes_effect_at_once(site: Site) -> None:
    """Who is no admin any more is out, and comes back as what they are."""
    ada = site.browser("ada")
    ada.fill("/users/lea/role", {"role": "admin"}, page="/users")
    lea = site.browser("lea")
    assert 200 == lea.get("/users").status_code
    ada.fill("/users/lea/role", {"role": "moderator"}, page="/users")
    assert 303 == lea.get("/users").status_code
    lea.sign_in("lea")
    assert 403 == lea.get("/users").status_code


def test_change_of_password_and_preferences(site: Site) -> None:
    """A person changes what is theirs; wrong input is told beside the form and changes nothing."""
    tab, other = site.browser("anna"), site.browser("anna")
    new = "violet bridges at noon"
    wrong = {"old": "not the password", "password": new, "again": new}
    assert 400 == tab.fill("/me/password", wrong).status_code
    assert 400 == tab.fill("/me/password", wrong | {"again": "differs"}).status_code
    assert (
        "/me?done=password"
        == tab.fill("/me/password", wrong | {"old": PASSWORD}).headers["location"]
    )
    assert 200 == tab.get("/me").status_code
    assert 303 == other.get("/me").status_code
    fields = {"theme": "dark", "break_minutes": "0", "blur": "1"}
    tab.fill("/me/preferences", fields)
    page = tab.get("/me").text
    assert '<html lang="en" data-theme="dark">' in page
    assert ["blur"] == re.findall(r'name="(\w+)" value="1" checked', page)
    assert 400 == tab.fill("/me/preferences", fields | {"theme": "loud"}).status_code
    assert 400 == tab.fill("/me/preferences", fields | {"break_minutes": "-1"}).status_code


def test_api_token_is_shown_once_and_needs_the_password(site: Site) -> None:
    """An unattended browser makes no token that outlives it; a made one is never shown again."""
    tab = site.browser("anna")
    wanted = {"name": "tool", "role": "moderator", "days": "30", "password": PASSWORD}
    assert 400 == tab.fill("/me/tokens", wanted | {"password": "x"}).status_code
    assert 403 == tab.fill("/me/tokens", wanted | {"role": "admin"}).status_code
    assert 400 == tab.fill("/me/tokens", wanted | {"days": "9999"}).status_code
    page = tab.fill("/me/tokens", wanted).text
    found = re.search(r"trollbridge_[\w-]{43}", page)
    assert found
    assert tokens.find(site.desk.store, found.group())
    assert found.group() not in tab.get("/me").text
    token_id = tokens.own(site.desk.store, "anna")[0].id
    assert 404 == site.browser("lea").fill(f"/me/tokens/{token_id}/revoke").status_code
    tab.fill(f"/me/tokens/{token_id}/revoke")
    assert tokens.find(site.desk.store, found.group()) is None


def test_users_page_shows_nobodys_figures(site: Site) -> None:
    """The page of accounts is for access; how much or how well somebody decides is not there."""
    for name in ("c1", "c2", "c3"):
        site.desk.add(name)
        site.desk.decide(name)
    page = site.browser("ada").get("/users").text
    text = re.sub(r"<[^>]+>", " ", page.partition("<main")[2]).partition("Invite somebody")[0]
    assert not re.search(r"decided|kappa|agree|seconds|per day|%", text)


@pytest.mark.parametrize("name", ["anna", "lea"])
def test_last_admin_and_unknown_names(site: Site, name: str) -> None:
    """What the library refuses the page says in a sentence."""
    ada = site.browser("ada")
    ada.page = "/users"
    answer = ada.fill("/users/ada/disable")
    assert 409 == answer.status_code
    assert "Ada is the last admin" in answer.text
    assert 404 == ada.fill("/users/nobody-of-that-name/disable").status_code
    assert 409 == ada.fill("/users/invite", {"name": name.upper(), "role": "lead"}).status_code


def test_cookies(desk: Desk) -> None:
    """Over https a cookie is for this host and https alone; always out of reach of scripts."""
    site = Site(desk)
    for secure, here in ((False, "http://localhost"), (True, "https://console.example")):
        options = AccessOptions(secure=secure, hosts=("localhost", "console.example"))
        site.app, site.here = make_app(desk, options), here
        tab = site.browser()
        answer = tab.sign_in("anna")
        said = [value for name, value in answer.headers.multi_items() if name == "set-cookie"]
        for name in ("session", "device"):
            prefix = "__Host-" if secure else ""
            line = next(one for one in said if one.startswith(f"{prefix}trollbridge-{name}="))
            assert "HttpOnly" in line
            assert "SameSite=lax" in line
            assert "Path=/" in line
            assert "Domain" not in line
            assert secure == ("Secure" in line)
        assert "anna moderator /" == tab.get("/").text


def test_headers(desk: Desk) -> None:
    """Every answer, a refusal as well, forbids browsers what no page of ours needs."""
    site = Site(desk)
    options = AccessOptions(secure=True, hosts=("localhost",))
    for app, secure in ((site.app, False), (make_app(desk, options), True)):
        tab = Tab(app, base_url="http://localhost", follow_redirects=False)
        for path in ("/login", "/", "/nowhere", "/static/icon.svg", "/api/v1/items", "/welcome/x"):
            headers = tab.get(path).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert "nosniff" == headers["x-content-type-options"]
            assert "no-referrer" == headers["referrer-policy"]
            assert "same-origin" == headers["cross-origin-opener-policy"]
            assert "permissions-policy" in headers
            assert secure == ("strict-transport-security" in headers)
            assert ("/static" in path) != ("no-store" == headers["cache-control"])


def test_api_takes_no_cookies(site: Site) -> None:
    """A browser that is signed in is nobody to the API, so other sites can use it for nothing."""
    tab = site.browser("anna")
    assert 401 == tab.get("/api/v1/items").status_code
    token = tokens.make(site.desk.store, ANNA, "tool", "moderator", days=1)
    bad = ("", "Bearer", "Bearer x", f"Basic {token}", f"bearer {token}x", "Bearer \xff")
    for value in bad:
        answer = tab.get("/api/v1/items", headers=[(b"authorization", value.encode("latin-1"))])
        assert (401, "Bearer") == (answer.status_code, answer.headers["www-authenticate"])
    # It is let through; this app has no such page.
    headers = {"authorization": f"Bearer {token}"}
    assert 404 == site.browser().get("/api/v1/nothing", headers=headers).status_code
    # And it is no session of a person.
    assert 303 == site.browser().get("/", headers=headers).status_code


def test_everything_is_in_the_log(site: Site) -> None:
    """What was done on the pages is in the chain, without any key that was shown."""
    ada = site.browser("ada")
    ada.page = "/users"
    page = ada.fill("/users/invite", {"name": "ben", "role": "lead"}).text
    found = re.search(r"/welcome/([\w-]{43})<", page)
    assert found
    ada.fill("/users/anna/unlock")
    ada.fill("/logout")
    entries = list(log.entries(site.desk.store))
    assert ["sign_in", "account_add", "link_make", "unlock", "session_end"] == [
        entry.action for entry in entries[-5:]
    ]
    assert not [entry for entry in entries if found.group(1) in entry.detail]
    assert [] == log.verify(site.desk.store).problems
    with pytest.raises(ReviewError):
        links.invite(site.desk.store, ADMIN, "ben", "lead")
