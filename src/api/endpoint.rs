//! One operation: its route and all that the OpenAPI document says of it.

use std::collections::BTreeSet;

use actix_web::http::Method;
use utoipa::ToSchema;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{ObjectBuilder, Ref, RefOr, Required, Schema};

use crate::web::{self, Need, Route};

/// A schema under its name.
pub(super) type Named = (String, RefOr<Schema>);

#[derive(Clone)]
pub struct Endpoint {
    pub route: Route,
    pub(super) tag: &'static str,
    /// Text key of the summary.
    pub(super) about: &'static str,
    pub(super) parameters: Vec<Parameter>,
    /// Name of the body's schema.
    pub(super) body: Option<String>,
    /// The body is a file.
    pub(super) takes_file: bool,
    /// Kinds of file that it may answer with, where it answers with one.
    pub(super) files: &'static [&'static str],
    pub(super) status: u16,
    /// Name of the answer's schema; none for an answer without a body or of a free form.
    pub(super) answer: Option<String>,
    pub(super) problems: BTreeSet<u16>,
    pub(super) schemas: Vec<Named>,
}

impl Endpoint {
    pub fn get(path: &'static str, need: Need, handler: fn() -> actix_web::Route) -> Endpoint {
        Endpoint::of(web::get(path, need, handler))
    }

    pub fn post(path: &'static str, need: Need, handler: fn() -> actix_web::Route) -> Endpoint {
        Endpoint::of(web::post(path, need, handler))
    }

    pub fn patch(path: &'static str, need: Need, handler: fn() -> actix_web::Route) -> Endpoint {
        Endpoint::of(web::patch(path, need, handler)).fails(409)
    }

    pub fn delete(path: &'static str, need: Need, handler: fn() -> actix_web::Route) -> Endpoint {
        Endpoint::of(web::delete(path, need, handler))
    }

    fn of(route: Route) -> Endpoint {
        let mut problems = BTreeSet::from([500, 503]);
        if route.need != Need::Open {
            problems.insert(401);
        }
        if matches!(route.need, Need::May(_) | Need::Either(..)) || route.method != Method::GET {
            problems.insert(403);
        }
        let parameters: Vec<Parameter> = places(route.path).map(in_path).collect();
        if !parameters.is_empty() {
            problems.insert(404);
        }
        Endpoint {
            route,
            tag: "",
            about: "",
            parameters,
            body: None,
            takes_file: false,
            files: &[],
            status: 200,
            answer: None,
            problems,
            schemas: Vec::new(),
        }
    }

    /// The group it is shown in, and the text key of what it does.
    #[must_use]
    pub fn about(mut self, tag: &'static str, about: &'static str) -> Endpoint {
        (self.tag, self.about) = (tag, about);
        self
    }

    /// Takes a JSON body.
    #[must_use]
    pub fn takes<T: ToSchema>(mut self) -> Endpoint {
        self.body = Some(self.name::<T>());
        self.fails(413).fails(422)
    }

    /// Takes a file as it is.
    #[must_use]
    pub fn takes_file(mut self) -> Endpoint {
        self.takes_file = true;
        self.fails(413).fails(422)
    }

    /// Answers with a file of one of these kinds.
    #[must_use]
    pub fn answers_file(mut self, kinds: &'static [&'static str]) -> Endpoint {
        self.files = kinds;
        self
    }

    /// Takes the fields of `T` that are to change, and the version that the sender saw.
    #[must_use]
    pub fn patches<T: ToSchema>(mut self) -> Endpoint {
        let name = format!("{}Patch", T::name().trim_end_matches("Input"));
        let mut schema = T::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.required = vec!["version".to_owned()];
            object.description =
                Some("The fields that change, and the version that was seen; others stay.".to_owned());
            object.properties.insert("version".to_owned(), RefOr::T(version().into()));
        }
        T::schemas(&mut self.schemas);
        self.schemas.push((name.clone(), schema));
        self.body = Some(name);
        self.fails(413).fails(422)
    }

    /// Answers with status and a JSON body.
    #[must_use]
    pub fn answers<T: ToSchema>(mut self, status: u16) -> Endpoint {
        self.answer = Some(self.name::<T>());
        self.status = status;
        self
    }

    /// Answers with all of a short list.
    #[must_use]
    pub fn answers_all_of<T: ToSchema>(mut self) -> Endpoint {
        let item = self.name::<T>();
        let list = format!("{item}List");
        let rows = utoipa::openapi::ArrayBuilder::new().items(Ref::from_schema_name(&item));
        let schema = ObjectBuilder::new().property("items", rows).required("items").build();
        self.schemas.push((list.clone(), RefOr::T(schema.into())));
        self.answer = Some(list);
        self
    }

    /// Answers without a body.
    #[must_use]
    pub fn answers_nothing(mut self) -> Endpoint {
        self.status = 204;
        self
    }

    /// May refuse with this status, beside those that follow from its need, place and body.
    #[must_use]
    pub fn fails(mut self, status: u16) -> Endpoint {
        self.problems.insert(status);
        self
    }

    /// A query parameter that is a text.
    #[must_use]
    pub fn asks_text(mut self, name: &str, about: &str) -> Endpoint {
        self.asks(name, about, ObjectBuilder::new().schema_type(Type::String).build());
        self
    }

    /// The version that was seen, as a query parameter beside a body that is a file.
    #[must_use]
    pub fn asks_version(mut self) -> Endpoint {
        let parameter = ParameterBuilder::new()
            .name("version")
            .parameter_in(ParameterIn::Query)
            .required(Required::True)
            .description(Some("The version that was seen; a newer one wins with 409."))
            .schema(Some(version()));
        self.parameters.push(parameter.build());
        self
    }

    /// A query parameter.
    pub(super) fn asks(&mut self, name: &str, about: &str, schema: impl Into<RefOr<Schema>>) {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Query)
            .required(Required::False)
            .description(Some(about))
            .schema(Some(schema));
        self.parameters.push(parameter.build());
    }

    /// Keeps the schemas of `T`; gives its name.
    pub(super) fn name<T: ToSchema>(&mut self) -> String {
        let name = T::name().into_owned();
        T::schemas(&mut self.schemas);
        self.schemas.push((name.clone(), T::schema()));
        name
    }
}

/// The schema of a list's page.
pub(super) fn page_schema(item: &str) -> Schema {
    let cursor = ObjectBuilder::new()
        .schema_type(SchemaType::Array(vec![Type::String, Type::Null]))
        .description(Some("To be sent as `cursor` for the rows that follow; null on the last page."));
    ObjectBuilder::new()
        .property("items", utoipa::openapi::ArrayBuilder::new().items(Ref::from_schema_name(item)))
        .required("items")
        .property("next_cursor", cursor)
        .required("next_cursor")
        .into()
}

fn version() -> utoipa::openapi::Object {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(1))
        .description(Some("The version that was seen; a newer one wins with 409."))
        .build()
}

/// The names between braces.
fn places(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn in_path(name: &'static str) -> Parameter {
    let schema = match name {
        "id" | "row" => ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(1)),
        _ => ObjectBuilder::new().schema_type(Type::String),
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .schema(Some(schema.build()))
        .build()
}
