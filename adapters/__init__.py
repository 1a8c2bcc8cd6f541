"""Everything that talks to a foreign system. `BUILTIN` names each adapter: family -> kind -> "module:class"."""

BUILTIN: dict[str, dict[str, str]] = {
    "sources": {
        "feed": "adapters.sources.feed:FeedSource",
        "page": "adapters.sources.page:PageSource",
        "sitemap": "adapters.sources.sitemap:SitemapSource",
        "wordpress": "adapters.sources.wordpress:WordPressSource",
        "http_json": "adapters.sources.http_json:JsonSource",
    },
    "portals": {
        "outbox": "adapters.portals.outbox:OutboxPortal",
        "package": "adapters.portals.package:PackagePortal",
        "http_json": "adapters.portals.http_json:HttpJsonPortal",
        "wordpress": "adapters.portals.wordpress:WordPressPortal",
        "drupal": "adapters.portals.drupal:DrupalPortal",
        "liferay": "adapters.portals.liferay:LiferayPortal",
        "plone": "adapters.portals.plone:PlonePortal",
        "xmlrpc": "adapters.portals.xmlrpc:XmlRpcPortal",
    },
    "ranking": {
        "http": "adapters.ranking.http:HttpRanking",
    },
    "mail": {
        "maildir": "adapters.mail.maildir:MaildirMailer",
        "smtp": "adapters.mail.smtp:SmtpMailer",
    },
}
