//! From the paper to the phone: the code on a day sheet opens its visit, also without a network.

use qrcode::{Color, EcLevel, QrCode};
use songhe::visits::visit_code;

use super::driver::browse;
use super::phone::{Phone, add_visit};

/// The squares of a code as the sheet draws them.
fn squares(text: &str) -> String {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
    let width = code.width();
    let dark = code.to_colors().into_iter().enumerate().filter(|(_, color)| *color == Color::Dark);
    let square = |(at, _)| format!("M{} {}h1v1h-1z", at % width + 4, at / width + 4);
    dark.map(square).collect::<Vec<_>>().concat()
}

#[test]
fn the_code_of_a_day_sheet_opens_its_visit_on_the_phone() {
    let Some(phone) = Phone::ready() else { return };
    let second = add_visit(&phone.app, phone.app.add_elder(1), phone.caregiver, (720, 840));
    let path = format!("/today?visit={}", visit_code(phone.app.keys(), second));
    browse("phone_sheet", &phone.network.url(), async |browser| {
        browser.log_in("lin", crate::support::seed::PASSWORD).await;
        browser.open("/day-sheets?town=350582001&day=2026-11-23").await;
        let drawn = format!("document.querySelector('.qr path[d=\"{}\"]')", squares(&browser.url(&path)));
        assert!(browser.holds(&drawn).await, "the sheet has a code for {path}");
        browser.driver.delete_all_cookies().await.unwrap();
        phone.enter(browser, "chen").await;
        browser.open(&path).await;
        let is_there = format!("document.querySelector(':target')?.id === 'visit-{second}'");
        browser.wait(&is_there).await;
        browser.wait("document.getElementById('today').dataset.kept === 'yes'").await;
        phone.cut(browser).await;
        browser.open("/today").await;
        browser.open(&path).await;
        browser.wait(&is_there).await;
    });
}
