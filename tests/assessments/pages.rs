//! The office's way through the pages, in both languages.

use reqwest::StatusCode;
use songhe::access::{Place, Role};

use super::help::{ABILITY, answers, done, in_force, ordered, row};
use crate::support::app::both;
use crate::support::client::{expect, location};
use crate::support::seed::town;

both!(from_the_order_to_the_elders_page, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let gov = app.user("gov", Role::CityManager, Place::City).await;
    let form = lin.page(&format!("/assessments/new?elder={elder}")).await;
    assert!(form.contains(&app.name_of_elder(elder)) && form.contains("老年人能力评估"));
    let number = elder.to_string();
    let fields = [("elder", number.as_str()), ("scale", ABILITY), ("reason", "first"), ("note", "")];
    let address = location(&lin.post_form("/assessments", &fields).await);
    let id: i64 = address.strip_prefix("/assessments/").unwrap().parse().unwrap();

    let page = lin.page(&format!("{address}/fill")).await;
    assert!(
        page.contains("平地行走") && page.contains("已答 0 / 26 项") && !page.contains("90"),
        "the sum is hidden"
    );
    let mut sent: Vec<(String, String)> = answers(app, ABILITY, &[])
        .iter()
        .map(|(key, points)| (format!("a.{key}"), points.to_string()))
        .collect();
    sent.retain(|(name, _)| name != "a.stairs");
    sent.extend([
        ("version".to_owned(), "1".to_owned()),
        ("f.falls".to_owned(), "2".to_owned()),
        ("n.pain".to_owned(), "mild".to_owned()),
        ("n.wounds".to_owned(), "burn".to_owned()),
        ("n.wounds".to_owned(), "other".to_owned()),
        ("n.bmi".to_owned(), "22.5".to_owned()),
        ("step".to_owned(), "finish".to_owned()),
    ]);
    let send = |path: String, sent: Vec<(String, String)>| {
        let lin = lin.clone();
        async move {
            let pairs: Vec<(&str, &str)> =
                sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            lin.post_form(&path, &pairs).await
        }
    };
    let refused = send(format!("{address}/fill"), sent.clone()).await;
    let refused = expect(refused, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(refused.contains("还有 1 项未答：上下楼梯。") && refused.contains("#item-stairs"), "{refused}");
    assert!(
        refused.contains("value=\"22.5\"") && refused.contains("已答 25 / 26 项"),
        "what was typed is kept"
    );
    assert_eq!(row(app, id).version, 1);

    sent.push(("a.stairs".to_owned(), "3".to_owned()));
    assert_eq!(location(&send(format!("{address}/fill"), sent).await), address);
    let page = lin.page(&address).await;
    assert!(
        page.contains("90 / 90") && page.contains("能力轻度受损") && page.contains("烧烫伤、其他"),
        "{page}"
    );
    let own = lin.page(&format!("{address}/review")).await;
    assert!(own.contains("须由不同的人完成") && !own.contains("name=\"in_force\""));
    let own = lin.post_form(&format!("{address}/review"), &[("version", "2")]).await;
    assert_eq!(own.status(), StatusCode::CONFLICT);

    let review = gov.page(&format!("{address}/review?lang=en")).await;
    assert!(review.contains("Put into force at once") && review.contains("Mildly impaired"));
    let agreed = gov.post_form(&format!("{address}/review"), &[("version", "2"), ("in_force", "true")]).await;
    assert_eq!(location(&agreed), address);
    let elder_page = lin.page(&format!("/elders/{elder}")).await;
    assert!(elder_page.contains("能力轻度受损") && elder_page.contains("生效中"), "{elder_page}");
    assert!(lin.page("/assessments?state=in_force").await.contains(&app.name_of_elder(elder)));
    assert!(!lin.page("/assessments?state=ordered").await.contains(&app.name_of_elder(elder)));
});

both!(the_review_stands_beside_the_result_before, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    in_force(app, elder, ABILITY, &[]);
    app.hand.advance(chrono::TimeDelta::days(60));
    let id = done(app, elder, ABILITY, &[("walking", 2)]);
    let wang = app.user("wang", Role::Coordinator, town(1)).await;
    let page = wang.page(&format!("/assessments/{id}/review")).await;
    assert_eq!(page.matches("assess-changed").count(), 1, "one row differs");
    assert!(page.contains("下降") && page.contains("88 / 90") && page.contains("90 / 90"), "{page}");
    let back = [("version", "2"), ("reason", "")];
    let refused = wang.post_form(&format!("/assessments/{id}/give-back"), &back).await;
    assert!(expect(refused, StatusCode::UNPROCESSABLE_ENTITY).await.contains("请填写原因"));
    let back = [("version", "2"), ("reason", "与走访不符")];
    wang.post_form(&format!("/assessments/{id}/give-back"), &back).await;
    let page = wang.page(&format!("/assessments/{id}")).await;
    assert!(page.contains("与走访不符") && page.contains("待评估"), "{page}");
});

both!(the_paper_form_is_blank_before_and_filled_after, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let lin = app.user("lin", Role::Coordinator, town(1)).await;
    let blank = ordered(app, elder, ABILITY);
    let page = lin.page(&format!("/assessments/{blank}/print")).await;
    assert!(page.contains("老年人能力评估表") && page.contains("复核人员签名"));
    assert!(
        page.contains("□ 4 独立完成") && page.matches("paper-option").count() > 100,
        "every answer to tick"
    );
    let filled = done(app, app.add_elder(1), ABILITY, &[("walking", 0)]);
    let page = lin.page(&format!("/assessments/{filled}/print")).await;
    assert!(page.contains("完全不能步行") && page.contains("86 / 90") && !page.contains("□"), "{page}");
});

both!(another_towns_assessment_does_not_exist_and_residents_are_their_houses, |app| async {
    app.add_towns();
    let (elder, home) = (app.add_elder(1), app.add_institution(2));
    let id = done(app, elder, ABILITY, &[]);
    let other = app.user("li", Role::Coordinator, town(2)).await;
    for path in ["", "/fill", "/review", "/print", "/dispute"] {
        assert_eq!(other.status(&format!("/assessments/{id}{path}")).await, 404, "{path}");
    }
    let house = app.user("house", Role::InstitutionManager, Place::Institution(home)).await;
    assert_eq!(house.status(&format!("/assessments/{id}")).await, 404);
    let bed = app.add_bed(2, home);
    app.taken(&format!(
        "INSERT INTO stays (bed_id, elder_id, institution_id, town_code, starts_at) \
         VALUES ({bed}, {elder}, {home}, '350582101', '2026-11-01 00:00:00.000')"
    ));
    assert_eq!(house.status(&format!("/assessments/{id}")).await, 200);
    assert_eq!(
        house.status(&format!("/assessments/{id}/review")).await,
        403,
        "a house assesses and does not review"
    );
    let caregiver =
        app.user("carer", Role::Caregiver, Place::Own(app.add_caregiver(1, app.add_provider(1)))).await;
    assert_eq!(caregiver.status("/assessments").await, 403);
});
