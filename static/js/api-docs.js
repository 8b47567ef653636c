// Starts the viewer of the JSON interface. No address of ours is sent to a validator elsewhere.
window.SwaggerUIBundle({
  url: "/api/v1/openapi.json",
  dom_id: "#api-docs",
  presets: [window.SwaggerUIBundle.presets.apis],
  deepLinking: true,
  validatorUrl: null,
});
