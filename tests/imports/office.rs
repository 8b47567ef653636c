//! The same through pages, the API and the command line.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use songhe::access::{Place, Role};

use super::help::book;
use crate::support::app::{TestApp, both};
use crate::support::client::{Client, expect, location};
use crate::support::process::songhe_command;
use crate::support::seed::{PASSWORD, town};

const ROWS: &[&[&str]] = &[
    &["名称", "镇街", "村（社区）", "电话"],
    &["甲站", "安海镇", "前村", "0595-85680001"],
    &["乙站", "安海镇", "前村", "no"],
    &["=1+1", "安海镇", "哪里", ""],
];

/// Sends a form with a file, as a browser does.
async fn post_file(client: &Client, path: &str, fields: &[(&str, &str)], file: &[u8]) -> Response {
    const MARK: &str = "----songhe";
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!("--{MARK}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = format!(
        "--{MARK}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"站点.xlsx\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(format!("\r\n--{MARK}--\r\n").as_bytes());
    client
        .request(Method::POST, path)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", format!("multipart/form-data; boundary={MARK}"))
        .body(body)
        .send()
        .await
        .unwrap()
}

fn stations(app: &TestApp) -> i64 {
    app.count("SELECT count(*) AS n FROM stations")
}

pub fn cells(bytes: Vec<u8>) -> Vec<Vec<Data>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let range = book.worksheet_range_at(0).unwrap().unwrap();
    range.rows().map(<[Data]>::to_vec).collect()
}

both!(a_file_goes_from_the_list_to_the_undo_by_pages_alone, |app| async {
    app.add_towns();
    let lin = app.user("lin", Role::Coordinator, town(2)).await;
    let list = lin.page("/stations").await;
    assert!(list.contains("href=\"/imports/new?kind=stations\""), "{list}");
    let form = lin.page("/imports/new?kind=stations").await;
    assert!(form.contains("multipart/form-data") && form.contains("value=\"stations\" selected"), "{form}");
    assert!(!form.contains("value=\"institutions\""), "a coordinator imports no institutions");

    let sent = post_file(&lin, "/imports", &[("kind", "stations"), ("institution", "")], &book(ROWS)).await;
    let path = location(&sent);
    let page = lin.page(&path).await;
    assert!(page.contains("站点.xlsx") && page.contains("保存并试算") && page.contains("名称"), "{page}");

    let missing =
        lin.post_form(&format!("{path}/check?lang=en"), &[("name", ""), ("village_code", "2")]).await;
    let missing = expect(missing, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(missing.contains("Choose the heading for “Name”."), "{missing}");
    let mapping = [("name", "0"), ("town_code", "1"), ("village_code", "2"), ("phone", "3")];
    assert_eq!(location(&lin.post_form(&format!("{path}/check"), &mapping).await), path);
    let page = lin.page(&format!("{path}?lang=zh-CN")).await;
    assert!(page.contains("正式导入 1 行") && page.contains("没有名为“哪里”的村（社区）。"), "{page}");
    assert!(page.contains("电话：5 至 20 位数字"), "the column is named: {page}");
    assert_eq!(stations(app), 0);

    let errors = lin.post_form(&format!("{path}/errors?lang=en"), &[]).await;
    assert_eq!(errors.status(), StatusCode::OK);
    let rows = cells(errors.bytes().await.unwrap().to_vec());
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0][2..4], [Data::String("Reason".into()), Data::String("名称".into())]);
    assert_eq!(rows[2][3], Data::String("=1+1".into()), "a text, and no formula");
    assert!(rows[2][2].to_string().contains("There is no village called “哪里”."), "{:?}", rows[2]);

    location(&lin.post_form(&format!("{path}/run"), &[]).await);
    assert_eq!(stations(app), 1);
    let again = lin.post_form(&format!("{path}/run?lang=zh-CN"), &[]).await;
    let again = expect(again, StatusCode::CONFLICT).await;
    assert!(again.contains("已导入"), "{again}");
    location(&lin.post_form(&format!("{path}/undo"), &[]).await);
    assert_eq!(stations(app), 0);
    location(&lin.post_form(&format!("{path}/discard"), &[]).await);
    let page = lin.page(&format!("{path}?lang=en")).await;
    assert!(page.contains("has been wiped") && page.contains("Taken back"), "{page}");
    assert!(lin.page("/imports").await.contains(&format!("href=\"{path}\"")));
});

both!(a_bad_file_is_refused_beside_its_field, |app| async {
    app.add_towns();
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    for (fields, file, status, text) in [
        (vec![("kind", "stations")], b"%PDF\0".to_vec(), 422, "neither xlsx nor csv"),
        (vec![("kind", "rockets")], book(ROWS), 422, "Choose what the rows are."),
        (vec![("kind", "stations"), ("institution", "x")], book(ROWS), 422, "Choose one of the values."),
        (vec![("kind", "stations")], vec![b'a'; 11 * 1024 * 1024], 422, "larger than the limit of 10 MB"),
    ] {
        let answer = post_file(&lin, "/imports?lang=en", &fields, &file).await;
        let page = expect(answer, StatusCode::from_u16(status).unwrap()).await;
        assert!(page.contains(text) && page.contains("multipart/form-data"), "{text}: {page}");
    }
    let forbidden = post_file(&lin, "/imports", &[("kind", "institutions")], &book(ROWS)).await;
    assert_eq!(forbidden.status(), StatusCode::FORBIDDEN);
    assert_eq!(app.count("SELECT count(*) AS n FROM imports"), 0);
});

both!(somebody_elses_batch_does_not_exist_and_its_file_is_nobodys, |app| async {
    app.add_towns();
    let lin = app.user("lin", Role::Coordinator, town(2)).await;
    let path = location(&post_file(&lin, "/imports", &[("kind", "stations")], &book(ROWS)).await);
    let mapping = [("name", "0"), ("town_code", "1"), ("village_code", "2")];
    location(&lin.post_form(&format!("{path}/check"), &mapping).await);
    let hong = app.user("hong", Role::Coordinator, town(2)).await;
    assert_eq!(hong.status(&path).await, 404);
    for step in ["check", "run", "undo", "discard", "errors"] {
        let answer = hong.post_form(&format!("{path}/{step}"), &mapping).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{step}");
    }
    let wang = app.user("wang", Role::CityManager, Place::City).await;
    assert_eq!(wang.status(&path).await, 200, "the city's manager sees what was imported");
    let errors = wang.post_form(&format!("{path}/errors"), &[]).await;
    assert_eq!(errors.status(), StatusCode::FORBIDDEN, "and not the file itself");
});

/// A program with a token.
struct Program {
    client: Client,
    token: String,
}

impl Program {
    async fn enter(app: &TestApp, login: &str) -> Program {
        let client = app.client();
        let body = json!({ "login": login, "password": PASSWORD });
        let response = client.request(Method::POST, "/api/v1/sessions").json(&body).send().await.unwrap();
        let opened: Value = response.json().await.unwrap();
        Program { client, token: opened["token"].as_str().unwrap().to_owned() }
    }

    async fn post(&self, path: &str, body: Option<&Value>) -> (u16, Value) {
        let request = self.client.request(Method::POST, path).bearer_auth(&self.token);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        answer(request.send().await.unwrap()).await
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.client.request(Method::GET, path).bearer_auth(&self.token).send().await.unwrap()).await
    }

    async fn send(&self, path: &str, file: Vec<u8>) -> (u16, Value) {
        let request = self.client.request(Method::POST, path).bearer_auth(&self.token).body(file);
        answer(request.send().await.unwrap()).await
    }
}

async fn answer(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, serde_json::from_str(&response.text().await.unwrap()).unwrap())
}

both!(a_program_imports_through_the_api, |app| async {
    app.add_towns();
    app.add_user("lin", Role::Coordinator, town(2));
    let lin = Program::enter(app, "lin").await;
    for (query, field) in
        [("kind=rockets", "kind"), ("kind=stations&institution=x", "institution"), ("kind=stations&n=1", "n")]
    {
        let (status, problem) = lin.send(&format!("/api/v1/imports?{query}"), book(ROWS)).await;
        assert_eq!((status, &problem["fields"][0]["field"]), (422, &json!(field)), "{problem}");
    }
    let (status, batch) = lin.send("/api/v1/imports?kind=stations&name=a.xlsx", book(ROWS)).await;
    assert_eq!((status, &batch["state"], &batch["rows"]), (201, &json!("uploaded"), &json!(3)), "{batch}");
    assert_eq!(batch["mapping"][0], json!({ "column": "name", "heading": "名称" }));
    let path = format!("/api/v1/imports/{}", batch["id"]);
    let wrong = json!({ "mapping": [{ "column": "name", "heading": "nowhere" }] });
    let (status, problem) = lin.post(&format!("{path}/check"), Some(&wrong)).await;
    assert_eq!((status, &problem["fields"][0]["field"]), (422, &json!("nowhere")), "{problem}");
    let (status, batch) = lin.post(&format!("{path}/check"), Some(&json!({}))).await;
    assert_eq!((status, &batch["good"], &batch["refused"]), (200, &json!(1), &json!(2)), "{batch}");
    let (_, rows) = lin.get(&format!("{path}/rows?outcome=refused&lang=en")).await;
    assert_eq!(rows["items"].as_array().unwrap().len(), 2, "{rows}");
    assert_eq!(rows["items"][1]["problems"][0]["column"], "village_code");
    assert_eq!(rows["next_after"], Value::Null);
    assert_eq!(lin.get(&format!("{path}/rows?outcome=lost")).await.0, 422);
    let (status, batch) = lin.post(&format!("{path}/run"), None).await;
    assert_eq!((status, &batch["applied"], &batch["state"]), (200, &json!(1), &json!("done")), "{batch}");
    let (status, problem) = lin.post(&format!("{path}/run"), None).await;
    assert_eq!((status, &problem["code"]), (409, &json!("illegal_move")));
    let (status, batch) = lin.post(&format!("{path}/undo"), None).await;
    assert_eq!((status, &batch["reverted"], stations(app)), (200, &json!(1), 0), "{batch}");
    let (_, list) = lin.get("/api/v1/imports?kind=stations").await;
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let (status, batch) = lin.post(&format!("{path}/discard"), None).await;
    assert_eq!((status, batch["wiped_at"].is_string()), (200, true), "{batch}");
});

both!(the_command_line_imports_and_ends_with_1_where_rows_were_refused, |app| async {
    app.add_towns();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stations.xlsx");
    std::fs::write(&file, book(ROWS)).unwrap();
    let (data, url) = (app.data_dir().display().to_string(), app.app.config.database.url.expose().to_owned());
    let command = |more: &[&str]| {
        let output = songhe_command()
            .args(["import", "stations", &file.display().to_string(), "--data", &data, "--database", &url])
            .args(more)
            .output()
            .unwrap();
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.code(), text)
    };
    let (status, text) = command(&["--dry-run"]);
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("Would be written: 1") && text.contains("没有名为“哪里”的村（社区）。"), "{text}");
    assert_eq!((stations(app), app.count("SELECT count(*) AS n FROM import_parts")), (0, 0));
    let errors = folder.path().join("errors.xlsx");
    let (status, text) = command(&["--json", "--errors", &errors.display().to_string()]);
    assert_eq!(status, Some(1), "{text}");
    let body: Value = serde_json::from_str(text.split("\nsonghe: ").next().unwrap()).unwrap();
    assert_eq!((&body["written"], &body["refused"]), (&json!(1), &json!(2)), "{body}");
    assert_eq!((stations(app), cells(std::fs::read(&errors).unwrap()).len()), (1, 3));
    let (status, text) = command(&["--map", "name=没有"]);
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("没有"), "{text}");
    std::fs::write(&file, book(&ROWS[..2])).unwrap();
    let (status, text) = command(&["--map", "站名=名称"]);
    assert_eq!(status, Some(1), "an unknown column: {text}");
    let (status, text) = command(&["--map", "name=名称"]);
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("unchanged: 1"), "{text}");
});

both!(the_command_line_takes_an_import_back, |app| async {
    app.add_towns();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stations.xlsx");
    std::fs::write(&file, book(&ROWS[..2])).unwrap();
    let (data, url) = (app.data_dir().display().to_string(), app.app.config.database.url.expose().to_owned());
    let command = |arguments: &[&str]| {
        let output = songhe_command()
            .arg("import")
            .args(arguments)
            .args(["--data", &data, "--database", &url])
            .output()
            .unwrap();
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.code(), text)
    };
    let (status, text) = command(&["stations", &file.display().to_string(), "--json"]);
    assert_eq!((status, stations(app)), (Some(0), 1), "{text}");
    let body: Value = serde_json::from_str(&text).unwrap();
    let id = body["import"].to_string();
    app.taken("UPDATE stations SET version = version + 1");
    let (status, text) = command(&["--undo", &id]);
    assert_eq!((status, stations(app)), (Some(1), 1), "changed since: {text}");
    assert!(text.contains("Taken back: 0, kept: 1") && text.contains("Sheet1 2"), "{text}");
    app.taken("UPDATE stations SET version = version - 1");
    let (status, text) = command(&["--undo", &id, "--json"]);
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, stations(app)), (Some(0), 0), "{text}");
    assert_eq!((&body["taken_back"], &body["kept"]), (&json!(1), &json!(0)));
    for (arguments, word) in [
        (vec!["--undo", &*id], "no rows to take back"),
        (vec!["--undo", "999999"], ""),
        (vec!["--undo", &*id, "stations", "x.csv"], "cannot be used with"),
        (vec![], "required"),
    ] {
        let (status, text) = command(&arguments);
        assert!(status != Some(0) && text.contains(word), "{arguments:?}: {text}");
    }
});
