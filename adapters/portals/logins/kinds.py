"""The login of each kind."""

from adapters.portals.http_json_templates import Templates
from adapters.portals.logins.cookies import CookieFormLogin
from adapters.portals.logins.nukeviet import NukeVietLogin
from adapters.portals.logins.requests import Login
from adapters.portals.logins.settings import LoginSettings
from adapters.portals.logins.signing import BasicLogin, HmacLogin, JwtLogin, NoLogin, TokenLogin
from adapters.portals.logins.tokens import LoginCallLogin, OAuth2Login
from syncd.ports.clock import Clock


def login_of(settings: LoginSettings, *, base_url: str, clock: Clock, templates: Templates) -> Login:
    """The login that a table describes; nothing is sent yet."""
    match settings.kind:
        case "basic":
            return BasicLogin(settings)
        case "bearer" | "api_key":
            return TokenLogin(settings)
        case "oauth2_client_credentials":
            return OAuth2Login(settings, base_url=base_url, clock=clock, templates=templates)
        case "login_token":
            return LoginCallLogin(settings, base_url=base_url, clock=clock, templates=templates)
        case "jwt_hs256":
            return JwtLogin(settings, clock=clock)
        case "hmac":
            return HmacLogin(settings, clock=clock, templates=templates)
        case "nukeviet":
            return NukeVietLogin(settings, clock=clock)
        case "cookie_form":
            return CookieFormLogin(settings, base_url=base_url, templates=templates)
        case "none" | "mtls":
            return NoLogin()
