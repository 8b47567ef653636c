//! The form that asks which elders' records are exported, and the file.

use actix_web::HttpResponse;
use actix_web::http::header;

use crate::access::Permission;
use crate::elders::store::categories;
use crate::error::{Code, Error, Result};
use crate::imports::{FileFormat, export_elders};
use crate::listing::ListRequest;
use crate::registry::codes;
use crate::registry::store::town_names;
use crate::text::Text;
use crate::web::{Form, FormField, Input, Visitor, form_page};

/// The filters of the list of elders that the form offers.
const FILTERS: [&str; 3] = ["town", "category", "home_visits"];

pub async fn show(visitor: Visitor) -> Result<HttpResponse> {
    let input = Input::of([("file_format", FileFormat::Xlsx.name().to_owned())]);
    form_page(&visitor, form(&visitor, &input).await?, None)
}

pub async fn save(visitor: Visitor, body: String) -> Result<HttpResponse> {
    let input = Input::parse(&body)?;
    match export(&visitor, &input).await {
        Ok((format, bytes)) => Ok(answer(format, bytes)),
        Err(error) if error.code == Code::Invalid => {
            form_page(&visitor, form(&visitor, &input).await?, Some((&error, None)))
        }
        Err(error) => Err(error),
    }
}

async fn export(visitor: &Visitor, input: &Input) -> Result<(FileFormat, Vec<u8>)> {
    let choose = || Error::field("file_format", Text::new("rule.choose"));
    let format = FileFormat::parse(&input.text("file_format")).ok_or_else(choose)?;
    let given = FILTERS.iter().map(|name| ((*name).to_owned(), input.text(name)));
    let filters = given.filter(|(_, value)| !value.is_empty()).collect();
    let request = ListRequest { filters, ..ListRequest::default() };
    let bytes = export_elders(&visitor.app, &visitor.scope(), request, (format, visitor.lang)).await?;
    Ok((format, bytes))
}

async fn form(visitor: &Visitor, input: &Input) -> Result<Form> {
    let scope = visitor.scope();
    let read = move |connection: &mut _| {
        Ok((town_names(connection, &scope, Permission::UnmaskElder)?, categories(connection)?))
    };
    let (towns, held) = visitor.app.db.read(read).await?;
    let all = || std::iter::once((String::new(), visitor.t("list.all").into_owned()));
    let towns = towns.into_iter().map(|(code, zh, en)| (code, visitor.pick(&zh, &en).to_owned()));
    let held = held.iter().map(|one| (one.code.clone(), visitor.pick(&one.name_zh, &one.name_en).to_owned()));
    let yes_no = codes::options(visitor.lang, "yes_no", &["true", "false"]);
    let select = |name, label: &str, values: Vec<(String, String)>| {
        let field = FormField::of(visitor, name, "select", input).options(values);
        FormField { label: visitor.t(label).into_owned(), ..field }
    };
    Ok(Form {
        heading: visitor.t("import.export_elders").into_owned(),
        action: "/imports/elders/export".to_owned(),
        fields: vec![
            select("town", "field.town_code", all().chain(towns).collect())
                .hint(visitor.t("import.export_intro")),
            select("category", "field.categories", all().chain(held).collect()),
            select("home_visits", "field.home_visits", all().chain(yes_no).collect()),
            select(
                "file_format",
                "field.file_format",
                codes::options(visitor.lang, "file_format", FileFormat::NAMES),
            )
            .required(true),
        ],
        submit_label: visitor.t("import.export").into_owned(),
        cancel_href: "/elders".to_owned(),
        ..Form::default()
    })
}

fn answer(format: FileFormat, bytes: Vec<u8>) -> HttpResponse {
    let kind = match format {
        FileFormat::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        FileFormat::Csv => "text/csv; charset=utf-8",
    };
    let name = format!("attachment; filename=\"elders.{}\"", format.name());
    HttpResponse::Ok()
        .content_type(kind)
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(bytes)
}
