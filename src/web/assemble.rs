//! The HTTP server put together.

use std::any::Any;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::{Extensions, Server as ActixServer};
use actix_web::middleware::{Compress, from_fn};
use actix_web::rt::net::TcpStream;
use actix_web::{App as ActixApp, HttpServer, web};

use super::gate::gate;
use super::routes::{self, Route};
use crate::app::App;
use crate::error::{Error, Result};

/// A bound server: run `server`, reach it at `address`.
pub struct Server {
    pub address: SocketAddr,
    pub server: ActixServer,
}

/// Binds the configured address (port 0 picks a free one) without serving yet.
pub fn bind(app: &App) -> Result<Server> {
    let wanted = app.config.http.listen;
    let fault = |error: std::io::Error| Error::internal(format!("cannot listen on {wanted}")).because(error);
    let listener = TcpListener::bind(wanted).map_err(fault)?;
    let address = listener.local_addr().map_err(fault)?;
    let shared = web::Data::new(app.clone());
    let body_max_bytes = app.config.http.body_max_bytes as usize;
    let request_timeout = Duration::from_secs(u64::from(app.config.http.request_timeout_s));
    let server = HttpServer::new(move || {
        ActixApp::new()
            .app_data(shared.clone())
            .app_data(web::PayloadConfig::new(body_max_bytes))
            .app_data(web::JsonConfig::default().limit(body_max_bytes))
            .app_data(web::FormConfig::default().limit(body_max_bytes))
            .configure(mount)
            .wrap(from_fn(gate))
            .wrap(Compress::default())
    })
    .workers(app.config.http.worker_count())
    .on_connect(send_at_once)
    .client_request_timeout(request_timeout)
    .shutdown_timeout(5)
    .disable_signals()
    .listen(listener)
    .map_err(fault)?
    .run();
    Ok(Server { address, server })
}

/// Without this an answer's last piece waits for the browser's delayed acknowledgement, some 40 ms.
fn send_at_once(connection: &dyn Any, _: &mut Extensions) {
    if let Some(stream) = connection.downcast_ref::<TcpStream>() {
        let _ = stream.set_nodelay(true);
    }
}

/// Mounts every route of the table; routes of one address share a resource.
fn mount(config: &mut web::ServiceConfig) {
    let mut routes = routes::all();
    // Fixed addresses before those with places in them, so that `/elders/new` is not read as the elder "new".
    routes.sort_by_key(|route| (specificity(route.path), route.path));
    let mut rest = routes.as_slice();
    while let Some(first) = rest.first() {
        let count = rest.iter().take_while(|route| route.path == first.path).count();
        let (same, others) = rest.split_at(count);
        config.service(resource(first.path, same));
        rest = others;
    }
}

fn specificity(path: &str) -> usize {
    if path.contains(":.*") { 1_000 } else { path.matches('{').count() }
}

fn resource(path: &str, routes: &[Route]) -> actix_web::Resource {
    routes.iter().fold(web::resource(path), |resource, route| {
        resource.route((route.handler)().method(route.method.clone()))
    })
}
