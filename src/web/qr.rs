//! Codes that phones read from paper.

use actix_web::HttpRequest;
use qrcode::{Color, EcLevel, QrCode};

use super::context::Context;
use crate::error::{Error, Result};

/// White around a code, in its own points.
const QUIET: usize = 4;

/// A code as the squares of one path in a square drawing.
pub struct QrDrawing {
    pub size: usize,
    pub path: String,
}

/// An address as a phone's camera finds it.
pub fn draw_qr(text: &str) -> Result<QrDrawing> {
    let drawn = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::M)
        .map_err(|error| Error::internal("an address does not fit").because(error))?;
    let width = drawn.width();
    let dark = drawn.to_colors().into_iter().enumerate().filter(|(_, color)| *color == Color::Dark);
    let squares = dark.map(|(at, _)| format!("M{} {}h1v1h-1z", at % width + QUIET, at / width + QUIET));
    Ok(QrDrawing { size: width + 2 * QUIET, path: squares.collect() })
}

/// Where phones find this program: as it is known outside, or else as whoever prints has found it.
pub fn own_address(context: &Context, http: &HttpRequest) -> String {
    let public = context.app.config.http.public_url.as_deref();
    let public = public.map(|url| url.trim_end_matches('/').to_owned());
    public.unwrap_or_else(|| format!("http://{}", http.connection_info().host()))
}
