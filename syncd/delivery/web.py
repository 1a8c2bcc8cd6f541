"""The read-only pages and figures over HTTP, for a browser on this machine. Nothing can be changed here; no script runs.

Every answer, errors included, goes out through `_answer`, which sets the headers.
"""

import json
import logging
from typing import Annotated, Any

from fastapi import FastAPI, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from syncd.application.services import Services
from syncd.delivery import views
from syncd.delivery.queue_page import queue_page
from syncd.domain.model import PeriodId, UnitId
from syncd.errors import SyncdError, UsageError

log = logging.getLogger(__name__)

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


def create_app(services: Services) -> FastAPI:
    """The pages over `services`; only GET is answered."""
    app = FastAPI(title="syncd", docs_url=None, redoc_url=None, openapi_url=None)

    def page(template: str, values: dict[str, Any], *, status: int = 200) -> Response:
        return _answer(services.renderer.render(f"web/{template}", values), "text/html; charset=utf-8", status)

    def problem(status: int, title: str, text: str) -> Response:
        values = {"office": services.office.name, "title": title, "text": text}
        return page("problem.html", values, status=status)

    def not_found(request: Request, error: Exception) -> Response:
        return problem(404, "Không tìm thấy", "Không có trang, đơn vị, kỳ hoặc tin, bài này.")

    def refused(request: Request, error: Exception) -> Response:
        code = error.status_code if isinstance(error, HTTPException) else 400
        if code == 404:
            return not_found(request, error)
        return problem(code, "Không thực hiện được", "Trang này chỉ để xem; không nhận thay đổi.")

    def failed(request: Request, error: Exception) -> Response:
        log.error("page %s failed", request.url.path, exc_info=error)
        return problem(500, "Lỗi của hệ thống", "Trang chưa hiển thị được. Lỗi đã được ghi vào nhật ký.")

    app.add_exception_handler(UsageError, not_found)
    app.add_exception_handler(RequestValidationError, not_found)
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(SyncdError, failed)
    app.add_exception_handler(Exception, failed)

    @app.get("/")
    def overview(assessment: str | None = None, recent: bool = False) -> Response:
        return page("overview.html", views.overview(services, assessment, recent=recent))

    @app.get("/units/{unit}")
    def unit_page(unit: str) -> Response:
        return page("unit.html", views.unit_page(services, UnitId(unit)))

    @app.get("/units/{unit}/{period}")
    def period_page(unit: str, period: str) -> Response:
        return page("period.html", views.period_page(services, UnitId(unit), PeriodId(period)))

    @app.get("/posts/{number}")
    def post_page(number: Annotated[int, Path(ge=1, lt=2**31)]) -> Response:
        return page("post.html", views.post_page(services, number))

    @app.get("/pushes")
    def pushes_page() -> Response:
        return page("pushes.html", queue_page(services))

    @app.get("/static/syncd.css")
    def style() -> Response:
        return _answer(services.renderer.render("web/syncd.css", {}), "text/css; charset=utf-8")

    @app.get("/healthz")
    def healthz() -> Response:
        """Whether the database can be read."""
        with services.db.read() as uow:
            size = uow.ledger.head().size
        return _json({"ok": True, "at": services.clock.now().isoformat(), "ledger_size": size})

    @app.get("/api/quota")
    def quota(period: str | None = None, assessment: str | None = None) -> Response:
        """The document of `syncd quota --json`, with the same choice of periods."""
        try:
            return _json(views.quota(services, period, assessment).as_json())
        except UsageError as err:
            return _json({"error": err.message}, 404)

    return app


def _answer(content: str, kind: str, status: int = 200) -> Response:
    # A lone surrogate cannot be sent; templates write such characters out, this is for what passes them by.
    return Response(content.encode("utf-8", "replace"), status_code=status, media_type=kind, headers=HEADERS)


def _json(document: dict[str, Any], status: int = 200) -> Response:
    return _answer(json.dumps(document, ensure_ascii=False), "application/json", status)
