//! What belongs to an elder's record, kept by programs as the forms of the pages keep it.

use reqwest::Method;
use serde_json::{Value, json};
use songhe::access::{Place, Role};

use super::{Program, answer, fields};
use crate::support::app::{TestApp, both};
use crate::support::people::IDENTITY;
use crate::support::seed::town;

/// A coordinator of town 1, one of town 2, and the city's manager.
async fn office(app: &TestApp) -> [Program; 3] {
    app.add_towns();
    app.add_user("lin", Role::Coordinator, town(1));
    app.add_user("hong", Role::Coordinator, town(2));
    app.add_user("wang", Role::CityManager, Place::City);
    [Program::enter(app, "lin").await, Program::enter(app, "hong").await, Program::enter(app, "wang").await]
}

/// Of each part: its name, what is sent, one field that changes, and the other value.
fn parts(caregiver: i64) -> [(&'static str, Value, &'static str, Value); 6] {
    [
        (
            "eligibility",
            json!({ "category_code": "lone", "from_on": "2026-01-01", "document_number": "民〔2026〕7 号" }),
            "to_on",
            json!("2026-12-01"),
        ),
        (
            "places",
            json!({ "place_kind": "second_home", "place_label": "女儿家", "from_on": "2026-11-01", "longitude": 118.6,
                "latitude": 24.9, "address": "后村 3 号", "door_note": "按左边门铃" }),
            "to_on",
            json!("2026-12-01"),
        ),
        (
            "contacts",
            json!({ "call_order": 1, "contact_name": "陈女士", "relation": "child", "phone": "13900000001" }),
            "call_order",
            json!(2),
        ),
        (
            "caregivers",
            json!({ "caregiver_id": caregiver, "stance": "barred", "reason": "亲属关系" }),
            "stance",
            json!("preferred"),
        ),
        (
            "consents",
            json!({ "consent_kind": "photo", "given_on": "2026-11-20", "given_by": "本人" }),
            "withdrawn_on",
            json!("2026-11-23"),
        ),
        (
            "documents",
            json!({ "document_kind": "disability_certificate", "certificate_number": "CERT-7788" }),
            "expires_on",
            json!("2027-05-01"),
        ),
    ]
}

const SEALED: [&str; 4] = ["address", "door_note", "phone", "certificate_number"];

both!(every_part_is_added_listed_changed_and_taken_away, |app| async {
    let [lin, ..] = office(app).await;
    let elder = app.add_elder(1);
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    for (name, sent, field, value) in parts(caregiver) {
        let list = format!("/api/v1/elders/{elder}/{name}");
        assert_eq!(lin.read(&list).await, json!({ "items": [] }), "{name}");
        let response = lin.request(Method::POST, &list).json(&sent).send().await.unwrap();
        let one = response.headers()["location"].to_str().unwrap().to_owned();
        let (status, made) = answer(response).await;
        assert_eq!((status, &made["version"]), (201, &json!(1)), "{name}: {made}");
        assert_eq!(one, format!("{list}/{}", made["id"]));
        for (field, value) in sent.as_object().unwrap() {
            if SEALED.contains(&field.as_str()) {
                assert_eq!(made[field], Value::Null, "{name}: {field} stays sealed");
                assert_eq!(made[format!("has_{field}")], true, "{name}: {made}");
            } else {
                assert_eq!(made[field], *value, "{name}: {made}");
            }
        }
        assert_eq!((lin.read(&one).await, lin.read(&list).await), (made.clone(), json!({ "items": [made] })));

        let change = json!({ "version": 1, field: value });
        let (status, changed) = lin.send(Method::PATCH, &one, &change).await;
        assert_eq!((status, &changed[field], &changed["version"]), (200, &value, &json!(2)), "{changed}");
        // What was not sent stays, sealed or not.
        for (known, before) in made.as_object().unwrap() {
            assert!([field, "version"].contains(&known.as_str()) || changed[known] == *before, "{known}");
        }
        let (status, late) = lin.send(Method::PATCH, &one, &change).await;
        assert_eq!((status, &late["code"], &late["conflict"]["who"]), (409, &json!("stale"), &json!("lin")));
        assert_eq!(late["conflict"]["changes"][0]["field"], field, "{late}");
        let take_away = format!("{one}/remove");
        let (status, late) = lin.send(Method::POST, &take_away, &json!({ "version": 1 })).await;
        assert_eq!((status, &late["conflict"]["who"]), (409, &json!("lin")), "{late}");
        assert_eq!(lin.send(Method::POST, &take_away, &json!({ "version": 2 })).await, (204, Value::Null));
        assert_eq!((lin.refusal(&one).await.0, lin.read(&list).await), (404, json!({ "items": [] })));
    }
    let rows = ["elder.add_part", "elder.change_part", "elder.remove_part"].map(|action| app.audited(action));
    assert_eq!(rows.each_ref().map(Vec::len), [6, 6, 6]);
    for (id, detail) in rows.iter().flatten() {
        assert_eq!(*id, elder.to_string());
        for clear in ["后村 3 号", "按左边门铃", "1390000", "CERT-7788"] {
            assert!(!detail.contains(clear), "{detail}");
        }
    }
});

both!(what_is_sealed_is_told_once_asked_and_each_look_is_written_down, |app| async {
    let [lin, hong, wang] = office(app).await;
    let elder = app.add_sealed_elder(1, IDENTITY);
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    for (name, sent, ..) in parts(caregiver) {
        let (status, made) = lin.send(Method::POST, &format!("/api/v1/elders/{elder}/{name}"), &sent).await;
        assert_eq!(status, 201, "{made}");
    }
    let path = format!("/api/v1/elders/{elder}/personal");
    let look =
        async |program: &Program| answer(program.request(Method::POST, &path).send().await.unwrap()).await;
    // A city manager sees elders, but not their personal data.
    assert_eq!((look(&wang).await.0, look(&hong).await.0), (403, 404));
    assert!(app.audited("elder.unmask").is_empty());
    let (status, told) = look(&lin).await;
    assert_eq!((status, &told["identity"]), (200, &json!(IDENTITY)), "{told}");
    assert_eq!(told["contacts"][0]["phone"], "13900000001");
    let place = &told["places"][0];
    assert_eq!((&place["address"], &place["door_note"]), (&json!("后村 3 号"), &json!("按左边门铃")));
    assert_eq!(told["documents"][0]["certificate_number"], "CERT-7788");
    let by_program = app.audited("elder.unmask");
    app.login("lin").await.post_form(&format!("/elders/{elder}/personal"), &[]).await;
    let all = app.audited("elder.unmask");
    assert_eq!((by_program.len(), all.len(), &all[0]), (1, 2, &all[1]), "as the page writes it down");
    // An empty text removes what is on file, a missing one keeps it.
    let one = format!("/api/v1/elders/{elder}/contacts/{}", told["contacts"][0]["id"]);
    let (_, kept) = lin.send(Method::PATCH, &one, &json!({ "version": 1, "note": "晚上打" })).await;
    assert_eq!(kept["has_phone"], true, "{kept}");
    let (_, removed) = lin.send(Method::PATCH, &one, &json!({ "version": 2, "phone": "" })).await;
    assert_eq!(removed["has_phone"], false, "{removed}");
});

both!(another_towns_record_has_no_parts, |app| async {
    let [lin, hong, _] = office(app).await;
    let (elder, other) = (app.add_elder(1), app.add_elder(1));
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    for (name, sent, field, value) in parts(caregiver) {
        let list = format!("/api/v1/elders/{elder}/{name}");
        let (_, made) = lin.send(Method::POST, &list, &sent).await;
        let one = format!("{list}/{}", made["id"]);
        let change = json!({ "version": 1, field: value });
        assert_eq!((hong.refusal(&list).await.0, hong.refusal(&one).await.0), (404, 404), "{name}");
        assert_eq!(hong.send(Method::POST, &list, &sent).await.0, 404, "{name}");
        assert_eq!(hong.send(Method::PATCH, &one, &change).await.0, 404, "{name}");
        assert_eq!(hong.send(Method::POST, &format!("{one}/remove"), &json!({ "version": 1 })).await.0, 404);
        // Nor is it reached through somebody else's record.
        let through = format!("/api/v1/elders/{other}/{name}/{}", made["id"]);
        assert_eq!(lin.refusal(&through).await.0, 404, "{name}");
        assert_eq!(lin.send(Method::PATCH, &through, &change).await.0, 404, "{name}");
        assert_eq!(lin.read(&one).await, made, "{name}");
    }
});

both!(a_key_adds_a_row_once, |app| async {
    let [lin, ..] = office(app).await;
    let elder = app.add_elder(1);
    let path = format!("/api/v1/elders/{elder}/contacts");
    let contact = |name: &str| json!({ "call_order": 1, "contact_name": name, "relation": "child" });
    let send = async |name: &str| {
        let request = lin.request(Method::POST, &path).header("idempotency-key", "contact-1");
        answer(request.json(&contact(name)).send().await.unwrap()).await
    };
    let (first, again) = (send("陈女士").await, send("陈女士").await);
    assert_eq!((first.0, &first), (201, &again));
    let (status, problem) = send("林先生").await;
    assert_eq!((status, fields(&problem)), (422, vec!["idempotency_key"]));
    assert_eq!(app.count("SELECT count(*) AS n FROM elder_contacts"), 1);
    assert_eq!(app.audited("elder.add_part").len(), 1);
});

/// Part, what is broken in what is sent, the field, and the rule in both languages.
fn broken(foreign: i64) -> Vec<(&'static str, Value, &'static str, &'static str, &'static str)> {
    vec![
        (
            "eligibility",
            json!({ "category_code": "no_such" }),
            "category_code",
            "请从列表中选择",
            "Choose one",
        ),
        ("eligibility", json!({ "to_on": "2026-01-01" }), "to_on", "结束日期须晚于", "ends after it begins"),
        ("eligibility", json!({ "from_on": "2026-02-30" }), "from_on", "不能用于该字段", "cannot be used"),
        ("places", json!({ "longitude": 24.8 }), "longitude", "73 至 136", "from 73 to 136"),
        ("places", json!({ "place_kind": "tent" }), "place_kind", "second_home", "second_home"),
        ("places", json!({ "place_label": " " }), "place_label", "请填写", "is required"),
        ("contacts", json!({ "call_order": 100 }), "call_order", "1 至 99", "from 1 to 99"),
        ("contacts", json!({ "phone": "110" }), "phone", "11 位手机号", "mobile number of 11 digits"),
        ("contacts", json!({ "colour": "red" }), "colour", "不认识", "not known"),
        ("caregivers", json!({ "reason": "" }), "reason", "回避原因", "reason"),
        ("caregivers", json!({ "caregiver_id": foreign }), "caregiver_id", "请从列表中选择", "Choose one"),
        ("consents", json!({ "given_on": "2026-11-24" }), "given_on", "不能晚于今天", "later than today"),
        ("consents", json!({ "withdrawn_on": "2026-11-19" }), "withdrawn_on", "不能早于", "or later"),
        (
            "documents",
            json!({ "issued_on": "2027-01-01", "expires_on": "2026-01-01" }),
            "expires_on",
            "不能早于",
            "day of issue or later",
        ),
        ("documents", json!({ "note": "x".repeat(301) }), "note", "300", "300"),
    ]
}

both!(a_broken_rule_names_its_field_in_both_languages_and_changes_no_part, |app| async {
    let [lin, ..] = office(app).await;
    let elder = app.add_elder(1);
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    let foreign = app.add_caregiver(2, app.add_provider(2));
    let mut known = std::collections::HashMap::new();
    for (name, sent, ..) in parts(caregiver) {
        let list = format!("/api/v1/elders/{elder}/{name}");
        let (_, made) = lin.send(Method::POST, &list, &sent).await;
        known.insert(name, (list, sent, made));
    }
    for (name, wrong, field, chinese, english) in broken(foreign) {
        let (list, sent, made) = &known[name];
        let mut added = sent.clone();
        for (key, value) in wrong.as_object().unwrap() {
            added[key] = value.clone();
        }
        let mut changed = wrong.clone();
        changed["version"] = json!(1);
        let one = format!("{list}/{}", made["id"]);
        for (lang, rule) in [("zh-CN", chinese), ("en", english)] {
            for (method, path, body) in [(Method::POST, list, &added), (Method::PATCH, &one, &changed)] {
                let request = lin.request(method, path).header("accept-language", lang).json(body);
                let (status, problem) = answer(request.send().await.unwrap()).await;
                assert_eq!((status, fields(&problem)), (422, vec![field]), "{name}: {body} {problem}");
                let told = problem["fields"][0]["rule"].as_str().unwrap();
                assert!(told.contains(rule), "{name} {lang}: {told}");
            }
        }
        assert_eq!(lin.read(list).await, json!({ "items": [made] }), "{name}");
    }
    // A second row of the same days is refused as a collision, not as a rule of a field.
    let (list, sent, _) = &known["eligibility"];
    let (status, problem) = lin.send(Method::POST, list, sent).await;
    assert_eq!((status, &problem["code"]), (409, &json!("taken")), "{problem}");
});

both!(a_scan_goes_in_and_comes_out_as_a_file, |app| async {
    let [lin, hong, wang] = office(app).await;
    let elder = app.add_elder(1);
    let list = format!("/api/v1/elders/{elder}/documents");
    let (_, made) = lin.send(Method::POST, &list, &json!({ "document_kind": "identity_card" })).await;
    let scan = format!("{list}/{}/scan", made["id"]);
    let put = async |program: &Program, version: &str, bytes: Vec<u8>| {
        let request = program.request(Method::POST, &format!("{scan}{version}"));
        let request = request.header("content-type", "application/octet-stream").body(bytes);
        answer(request.send().await.unwrap()).await
    };
    let good = b"%PDF-1.7\n%%EOF\n".to_vec();
    for (version, bytes, status, field) in [
        ("", good.clone(), 422, "version"),
        ("?version=x", good.clone(), 422, "version"),
        ("?version=1", b"<svg onload=alert(1)>".to_vec(), 422, "scan"),
        ("?version=1", Vec::new(), 422, "scan"),
    ] {
        let (found, problem) = put(&lin, version, bytes).await;
        assert_eq!((found, fields(&problem)), (status, vec![field]), "{problem}");
    }
    let (status, problem) = put(&lin, "?version=1", vec![b'%'; 4 * 1024 * 1024 + 1]).await;
    assert_eq!((status, &problem["code"]), (413, &json!("too_large")));
    assert_eq!(put(&hong, "?version=1", good.clone()).await.0, 404);
    let (status, kept) = put(&lin, "?version=1", good.clone()).await;
    assert_eq!((status, &kept["scan_kind"], &kept["version"]), (200, &json!("application/pdf"), &json!(2)));
    let (status, late) = put(&lin, "?version=1", good.clone()).await;
    assert_eq!((status, &late["conflict"]["who"]), (409, &json!("lin")));
    let look = |program: &Program| program.request(Method::POST, &format!("{scan}/show")).send();
    assert_eq!(look(&wang).await.unwrap().status(), 403);
    assert_eq!(look(&hong).await.unwrap().status(), 404);
    assert!(app.audited("elder.show_scan").is_empty());
    let shown = look(&lin).await.unwrap();
    assert_eq!(shown.headers()["content-type"], "application/pdf");
    assert_eq!(shown.headers()["cache-control"], "no-store");
    assert_eq!(shown.bytes().await.unwrap(), good);
    assert_eq!(app.audited("elder.show_scan").len(), 1);
});
