package dev.parley.upload;

import dev.parley.http.Response;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The answer of an application to a complete upload, kept for a client that did not get it.
 *
 * @param status the status
 * @param headers names and values in turn
 * @param body the body, {@code null} if it has none that is kept
 * @param whole the answer itself, for those who are there when it comes
 */
record KeptResponse(
        int status,
        List<String> headers,
        byte @Nullable [] body,
        @Nullable Response whole) {
    /** A larger one is not kept: who asks again gets the status and the headers without a body. */
    static final int MAX_BODY_BYTES = 64 * 1024;

    static KeptResponse of(Response response) {
        List<String> headers = new ArrayList<>();
        response.forEachHeader((name, value) -> {
            headers.add(name);
            headers.add(value);
        });
        byte[] body =
                response.body().filter(bytes -> bytes.length <= MAX_BODY_BYTES).orElse(null);
        return new KeptResponse(response.status(), headers, body, response);
    }

    /** As it is to be kept: for who is there to get it, it may be more than is kept. */
    KeptResponse kept() {
        return new KeptResponse(status, headers, body, null);
    }

    Response toResponse() {
        if (whole != null) {
            return whole;
        }
        Response response = body == null
                ? Response.of(status)
                : Response.bytes(type(), body).status(status);
        for (int i = 0; i < headers.size(); i += 2) {
            if (!isType(i)) {
                response = response.header(headers.get(i), headers.get(i + 1));
            }
        }
        return response;
    }

    private String type() {
        for (int i = 0; i < headers.size(); i += 2) {
            if (isType(i)) {
                return headers.get(i + 1);
            }
        }
        return "application/octet-stream";
    }

    private boolean isType(int i) {
        return headers.get(i).equalsIgnoreCase("Content-Type");
    }

    void addTo(ObjectNode json) {
        json.put("status", status);
        ArrayNode fields = json.putArray("headers");
        headers.forEach(fields::add);
        if (body != null) {
            json.put("body", body);
        }
    }

    static KeptResponse parse(JsonNode json) {
        List<String> headers = new ArrayList<>();
        json.get("headers").forEach(field -> headers.add(field.asString()));
        return new KeptResponse(
                json.get("status").asInt(),
                headers,
                json.has("body") ? json.get("body").binaryValue() : null,
                null);
    }
}
