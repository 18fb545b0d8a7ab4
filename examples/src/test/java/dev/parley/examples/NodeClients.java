package dev.parley.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Clients of npm, run by the Node.js of this machine. As an extension it skips the tests of a class where Node.js or the packages
 * are not installed, and says so.
 */
final class NodeClients implements ExecutionCondition {
    private static final Path SCRIPTS = Path.of("src/test/js").toAbsolutePath();

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        if (InstalledBrowser.NODE.isPresent() && Files.isDirectory(SCRIPTS.resolve("node_modules"))) {
            return ConditionEvaluationResult.enabled("Node.js: " + InstalledBrowser.NODE.get());
        }
        String missing = "no clients for " + context.getDisplayName() + ": Node.js or the packages are not installed"
                + " (npm ci --prefix examples/src/test/js)";
        System.out.println("Skipped, " + missing);
        return ConditionEvaluationResult.disabled(missing);
    }

    /** Runs a script, whose errors go to this process's own, for as long as {@link Patience} has it. */
    static Process start(String script, String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(InstalledBrowser.NODE.orElseThrow().toString());
        command.add(SCRIPTS.resolve(script).toString());
        command.addAll(List.of(arguments));
        return Patience.limited(new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    }
}
