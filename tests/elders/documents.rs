//! Documents and their scans: sealed, limited, and every look at one written down.

use reqwest::{Method, StatusCode};
use songhe::access::{Place, Role};

use crate::support::app::{TestApp, both};
use crate::support::client::{Client, expect, location};
use crate::support::seed::town;

fn png(width: u32, height: u32, length: usize) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.resize(length, 7);
    bytes
}

async fn send(client: &Client, path: &str, version: &str, bytes: Vec<u8>) -> reqwest::Response {
    let edge = "edge-of-a-part";
    let mut body = format!(
        "--{edge}\r\nContent-Disposition: form-data; name=\"version\"\r\n\r\n{version}\r\n--{edge}\r\n\
         Content-Disposition: form-data; name=\"scan\"; filename=\"scan\"\r\n\r\n"
    )
    .into_bytes();
    body.extend(bytes);
    body.extend(format!("\r\n--{edge}--\r\n").into_bytes());
    client
        .request(Method::POST, path)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", format!("multipart/form-data; boundary={edge}"))
        .body(body)
        .send()
        .await
        .unwrap()
}

fn sealed_scan(app: &TestApp) -> i64 {
    app.count("SELECT count(*) AS n FROM elder_documents WHERE scan_sealed IS NOT NULL")
}

both!(a_scan_is_sealed_limited_and_its_reading_written_down, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let path = format!("/elders/{elder}/documents");
    let fields = [
        ("document_kind", "disability_certificate"),
        ("certificate_number", "CERT-7788"),
        ("expires_on", "2026-12-01"),
    ];
    location(&lin.post_form(&path, &fields).await);
    let id = app.count("SELECT id AS n FROM elder_documents");
    let page = lin.page(&format!("/elders/{elder}?lang=en")).await;
    assert!(page.contains("Expires soon") && !page.contains("CERT-7788"), "{page}");
    let clear = lin.post_form(&format!("/elders/{elder}/personal"), &[]).await;
    assert!(expect(clear, StatusCode::OK).await.contains("CERT-7788"));

    let scan = format!("{path}/{id}/scan");
    assert!(lin.page(&scan).await.contains("multipart/form-data"));
    for (bytes, status, rule) in [
        (png(60_000, 60_000, 200), 422, "60000 × 60000"),
        (b"<svg onload=alert(1)>".to_vec(), 422, "PDF, JPEG or PNG"),
        (Vec::new(), 422, "PDF, JPEG or PNG"),
        (png(10, 10, 4 * 1024 * 1024 + 1), 413, "4 MB"),
    ] {
        let answer = send(&lin, &format!("{scan}?lang=en"), "1", bytes).await;
        let page = expect(answer, StatusCode::from_u16(status).unwrap()).await;
        assert!(page.contains(rule), "{rule}: {page}");
    }
    assert_eq!(sealed_scan(app), 0);
    let good = png(100, 100, 3_000);
    location(&send(&lin, &scan, "1", good.clone()).await);
    assert_eq!(send(&lin, &scan, "1", good.clone()).await.status(), StatusCode::CONFLICT);
    let shown = lin.post_form(&format!("{scan}/show"), &[]).await;
    assert_eq!(shown.headers()["content-type"], "image/png");
    assert!(shown.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
    assert_eq!(shown.bytes().await.unwrap(), good);
    assert_eq!(app.audited("elder.show_scan").len(), 1);
    app.refused("UPDATE elder_documents SET scan_bytes = 5000000");

    let wang = app.user("wang", Role::CityManager, Place::City).await;
    assert_eq!(wang.post_form(&format!("{scan}/show"), &[]).await.status(), StatusCode::FORBIDDEN);
    let hong = app.user("hong", Role::Coordinator, town(2)).await;
    assert_eq!(hong.post_form(&format!("{scan}/show"), &[]).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(send(&hong, &scan, "2", good).await.status(), StatusCode::NOT_FOUND);
});
