package dev.parley.upload;

import dev.parley.http.Exchange;
import java.util.List;

/**
 * A form that has come whole: its fields, and its files, each of which is an upload.
 *
 * <pre>{@code
 * .onForm(form -> Response.redirect(303, albums.add(form.fields().first("title").orElse(""), form.files())))
 * }</pre>
 *
 * <p><b>Threading.</b> Immutable, but for the exchange.
 */
public final class UploadForm {
    private final Exchange exchange;
    private final FormFields fields;
    private final List<File> files;

    /**
     * A file of a form.
     *
     * @param field the name of its field, as the client says
     * @param upload the file
     */
    public record File(String field, Upload upload) {}

    UploadForm(Exchange exchange, FormFields fields, List<File> files) {
        this.exchange = exchange;
        this.fields = fields;
        this.files = List.copyOf(files);
    }

    /**
     * The exchange: whose form it is. It is answered by the endpoint.
     *
     * @return the exchange
     */
    public Exchange exchange() {
        return exchange;
    }

    /**
     * The fields that are no files.
     *
     * @return names and values, of which a name may have several
     */
    public FormFields fields() {
        return fields;
    }

    /**
     * The files, without those of inputs that were left empty.
     *
     * @return in the order in which they came; several may be of one field
     */
    public List<File> files() {
        return files;
    }

    /**
     * The files of a field.
     *
     * @param field its name
     * @return in the order in which they came, empty if there are none
     */
    public List<Upload> files(String field) {
        return files.stream()
                .filter(file -> file.field().equals(field))
                .map(File::upload)
                .toList();
    }
}
