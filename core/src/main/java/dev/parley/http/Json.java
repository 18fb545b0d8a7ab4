package dev.parley.http;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** The one JSON mapper of requests and responses. */
final class Json {
    /** Deep enough for any document of an application, shallow enough for any stack. */
    static final int MAX_DEPTH = 64;

    static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .build())
                    .build())
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private Json() {}

    static byte[] write(Object value) {
        return MAPPER.writeValueAsBytes(value);
    }

    static <T> T read(byte[] bytes, Class<T> type) {
        T value;
        try {
            value = MAPPER.readValue(bytes, type);
        } catch (JacksonException e) {
            TokenStreamLocation at = e.getLocation();
            Problem problem = Problem.of(400, "The body is not JSON of the expected shape.");
            // A mapping failure knows its place only where the parser told it; line 0 means that it did not.
            throw (at == null || at.getLineNr() < 1
                            ? problem
                            : problem.with("line", at.getLineNr()).with("column", at.getColumnNr()))
                    .asException();
        }
        if (value == null) {
            throw Problem.of(400, "The body is null or empty.").asException();
        }
        return value;
    }
}
