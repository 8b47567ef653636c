//! The OpenAPI document, put together from the operations.

use std::collections::BTreeSet;

use actix_web::http::Method;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, LicenseBuilder, ObjectBuilder, OpenApi, OpenApiBuilder,
    Paths, Ref, Required, Response, ResponseBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use super::endpoint::Endpoint;
use super::problem::Problem;
use crate::text::Lang;
use crate::web::Need;

const BEARER: &str = "bearer";
const COOKIE: &str = "session_cookie";

/// The description of all operations; `cookie` is the name of the session cookie.
pub fn document(lang: Lang, cookie: &str) -> OpenApi {
    let endpoints = super::endpoints();
    let mut paths = Paths::new();
    let mut tags = BTreeSet::new();
    let mut components = ComponentsBuilder::new()
        .security_scheme(BEARER, SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)))
        .security_scheme(COOKIE, SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(cookie))))
        .schema(Problem::name(), Problem::schema());
    let mut inner = Vec::new();
    Problem::schemas(&mut inner);
    for endpoint in &endpoints {
        inner.extend(endpoint.schemas.iter().cloned());
        tags.insert(endpoint.tag);
        paths.add_path_operation(
            endpoint.route.path,
            vec![method(&endpoint.route.method)],
            operation(endpoint, lang),
        );
    }
    components =
        inner.into_iter().fold(components, |components, (name, schema)| components.schema(name, schema));
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title(lang.t("api.title"))
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(lang.t("api.intro")))
                .license(Some(
                    LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build(),
                )),
        )
        .paths(paths)
        .tags(Some(tags.into_iter().map(|tag| TagBuilder::new().name(tag).build())))
        .components(Some(components.build()))
        .build()
}

fn operation(endpoint: &Endpoint, lang: Lang) -> Operation {
    let route = &endpoint.route;
    let need = match route.need {
        Need::May(permission) => lang.fill("api.needs", &[("permission", &format!("{permission:?}"))]),
        Need::Either(one, other) => {
            let (one, other) = (format!("{one:?}"), format!("{other:?}"));
            lang.fill("api.needs_either", &[("one", &one), ("other", &other)])
        }
        Need::SignedIn => lang.t("api.needs_session").into_owned(),
        Need::Open | Need::Local => lang.t("api.needs_nothing").into_owned(),
    };
    let mut operation = OperationBuilder::new()
        .tag(endpoint.tag)
        .operation_id(Some(operation_id(route.method.as_str(), route.path)))
        .summary(Some(lang.t(endpoint.about)))
        .description(Some(need))
        .parameters(Some(endpoint.parameters.clone()))
        .response(endpoint.status.to_string(), answer(endpoint, lang));
    if let Some(body) = &endpoint.body {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(body))).build();
        let body =
            RequestBodyBuilder::new().content("application/json", content).required(Some(Required::True));
        operation = operation.request_body(Some(body.build()));
    }
    if endpoint.takes_file {
        let content = ContentBuilder::new().schema(Some(file())).build();
        let body = RequestBodyBuilder::new()
            .content("application/octet-stream", content)
            .required(Some(Required::True));
        operation = operation.request_body(Some(body.build()));
    }
    for status in &endpoint.problems {
        operation = operation.response(status.to_string(), problem(*status, lang));
    }
    if route.need == Need::Open {
        // An empty requirement says that nothing is needed, which is more than saying nothing.
        return operation.security(SecurityRequirement::default()).build();
    }
    let nothing: [&str; 0] = [];
    operation
        .security(SecurityRequirement::new(BEARER, nothing))
        .security(SecurityRequirement::new(COOKIE, nothing))
        .build()
}

fn answer(endpoint: &Endpoint, lang: Lang) -> Response {
    let response = ResponseBuilder::new().description(lang.t(&format!("api.status.{}", endpoint.status)));
    if !endpoint.files.is_empty() {
        let content = || ContentBuilder::new().schema(Some(file())).build();
        return endpoint
            .files
            .iter()
            .fold(response, |response, kind| response.content(*kind, content()))
            .build();
    }
    let content = match &endpoint.answer {
        Some(name) => ContentBuilder::new().schema(Some(Ref::from_schema_name(name))),
        None if endpoint.status == 204 => return response.build(),
        None => ContentBuilder::new().schema(Some(ObjectBuilder::new().build())),
    };
    response.content("application/json", content.build()).build()
}

fn file() -> utoipa::openapi::Object {
    use utoipa::openapi::schema::{KnownFormat, SchemaFormat, Type};
    let format = SchemaFormat::KnownFormat(KnownFormat::Binary);
    ObjectBuilder::new().schema_type(Type::String).format(Some(format)).build()
}

fn problem(status: u16, lang: Lang) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build();
    ResponseBuilder::new()
        .description(lang.t(&format!("api.status.{status}")))
        .content("application/problem+json", content)
        .build()
}

fn method(method: &Method) -> HttpMethod {
    match method.as_str() {
        "POST" => HttpMethod::Post,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

/// `get_institutions_id` for `GET /api/v1/institutions/{id}`.
fn operation_id(method: &str, path: &str) -> String {
    let rest = path.trim_start_matches("/api/v1/").replace(['/', '.'], "_").replace(['{', '}'], "");
    format!("{}_{rest}", method.to_ascii_lowercase())
}
