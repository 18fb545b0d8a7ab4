package dev.parley.sse;

import dev.parley.topic.Gap;
import java.io.StringWriter;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** Writes the few JSON objects that streams have. */
final class Json {
    private static final JsonFactory FACTORY = new JsonFactory();

    private Json() {}

    /** An object in one line. As text: a generator of UTF-8 fails at an unpaired surrogate, where the JDK writes {@code ?}. */
    static String object(Consumer<JsonGenerator> members) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), text)) {
            json.writeStartObject();
            members.accept(json);
            json.writeEndObject();
        }
        return text.toString();
    }

    /** A member that is left out where there is nothing to say. */
    static void optional(JsonGenerator json, String name, @Nullable String value) {
        if (value != null) {
            json.writeStringProperty(name, value);
        }
    }

    /** The members that tell what was lost; without the count where nobody knows it. */
    static void gap(JsonGenerator json, Gap gap) {
        json.writeStringProperty("topic", gap.topic());
        json.writeStringProperty("from", gap.from().toString());
        json.writeStringProperty("to", gap.to().toString());
        if (!gap.isReset()) {
            json.writeNumberProperty("lost", gap.count());
        }
    }
}
