// The API's own page: the OpenAPI document of this server, nothing from elsewhere.
window.SwaggerUIBundle({ url: "/openapi.json", dom_id: "#api", deepLinking: true, validatorUrl: null });
