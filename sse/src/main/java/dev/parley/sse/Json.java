package dev.parley.sse;

import dev.parley.topic.Gap;
import tools.jackson.core.io.JsonStringEncoder;

/** The few JSON texts that streams have. */
final class Json {
    private Json() {}

    static String quote(String text) {
        StringBuilder quoted = new StringBuilder(text.length() + 16).append('"');
        JsonStringEncoder.getInstance().quoteAsString(text, quoted);
        return quoted.append('"').toString();
    }

    /** What was lost; without the count where nobody knows it. */
    static String gap(Gap gap) {
        String places =
                "{\"topic\":" + quote(gap.topic()) + ",\"from\":\"" + gap.from() + "\",\"to\":\"" + gap.to() + "\"";
        return gap.isReset() ? places + "}" : places + ",\"lost\":" + gap.count() + "}";
    }
}
