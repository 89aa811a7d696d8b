import com.sun.management.OperatingSystemMXBean;
import io.pebbletemplates.pebble.PebbleEngine;
import io.pebbletemplates.pebble.extension.AbstractExtension;
import io.pebbletemplates.pebble.extension.Function;
import io.pebbletemplates.pebble.loader.StringLoader;
import io.pebbletemplates.pebble.template.EvaluationContext;
import io.pebbletemplates.pebble.template.PebbleTemplate;
import java.io.IOException;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Renders a template in the Java engine, over and over. It prints a line once it is warm, and after a line of input how
 * many nanoseconds of CPU one run has taken in between. Arguments: the directory of the templates, the name of one,
 * Render or ParseRender.
 *
 * <p>One JVM measures one thing, as JMH does: what another template teaches the compiler doesn't count. CPU is that of
 * the whole process, so that garbage collection is in it, as it is on the other side.
 */
public final class Bench {
  private static final long WARM_UP = 30_000_000_000L; // nanoseconds of CPU: parsing is still getting faster at 20 s

  private interface Work {
    String run() throws IOException;
  }

  public static void main(String[] args) throws IOException {
    Path dir = Path.of(args[0]);
    String text = Files.readString(dir.resolve(args[1] + ".peb"));
    String want = Files.readString(dir.resolve(args[1] + ".out"));
    Functions functions = new Functions();
    PebbleEngine engine =
        new PebbleEngine.Builder().loader(new StringLoader()).extension(functions).cacheActive(false).build();
    // A JSON object is an expression of the language, and so the engine reads its context by itself.
    engine
        .getTemplate("{{ keep(" + Files.readString(dir.resolve(args[1] + ".json")) + ") }}")
        .evaluate(new Text());
    Map<String, Object> vars = functions.kept;

    PebbleTemplate compiled = engine.getTemplate(text);
    Text out = new Text();
    Work render =
        () -> {
          out.text.setLength(0);
          compiled.evaluate(out, vars);
          return null;
        };
    Work parseRender =
        () -> {
          Text w = new Text();
          engine.getTemplate(text).evaluate(w, vars);
          return w.toString();
        };
    render.run();
    if (!out.toString().equals(want) || !parseRender.run().equals(want)) {
      throw new IllegalStateException("output differs: " + out);
    }
    Work work = args[2].equals("Render") ? render : parseRender;
    perRun(work, () -> cpu() < WARM_UP);
    System.out.println("warm");
    System.out.printf("%.1f%n", perRun(work, () -> System.in.available() == 0));
  }

  /** A StringWriter without its locks. */
  private static final class Text extends Writer {
    final StringBuilder text = new StringBuilder();

    @Override
    public void write(char[] from, int start, int length) {
      text.append(from, start, length);
    }

    @Override
    public void write(String s) {
      text.append(s);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}

    @Override
    public String toString() {
      return text.toString();
    }
  }

  private interface Condition {
    boolean holds() throws IOException;
  }

  private static double perRun(Work work, Condition more) throws IOException {
    long start = cpu();
    long runs = 0;
    while (more.holds()) {
      for (int i = 0; i < 100; i++) {
        work.run();
      }
      runs += 100;
    }
    return (double) (cpu() - start) / runs;
  }

  private static long cpu() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
  }

  private static final class Functions extends AbstractExtension {
    Map<String, Object> kept;

    @Override
    public Map<String, Function> getFunctions() {
      return Map.of("formUrlEncode", new FormUrlEncode(), "keep", new Keep());
    }

    private final class Keep implements Function {
      @Override
      public List<String> getArgumentNames() {
        return List.of("value");
      }

      @Override
      @SuppressWarnings("unchecked")
      public Object execute(Map<String, Object> args, PebbleTemplate self, EvaluationContext context, int line) {
        kept = (Map<String, Object>) args.get("value");
        return null;
      }
    }
  }

  /** The function that Destination SDK adds, written the plain way. */
  private static final class FormUrlEncode implements Function {
    @Override
    public List<String> getArgumentNames() {
      return null;
    }

    @Override
    public Object execute(Map<String, Object> args, PebbleTemplate self, EvaluationContext context, int line) {
      StringBuilder form = new StringBuilder();
      for (int i = 0; i < args.size(); i++) {
        if (i > 0) {
          form.append(i % 2 == 0 ? '&' : '=');
        }
        form.append(URLEncoder.encode(String.valueOf(args.get(String.valueOf(i))), StandardCharsets.UTF_8));
      }
      return form.toString();
    }
  }
}
