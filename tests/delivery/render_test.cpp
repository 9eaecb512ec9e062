#include "delivery/render.hpp"

#include <doctest/doctest.h>

using macp::delivery::render_duration;
using macp::delivery::render_line;

TEST_SUITE("task lines") {
    TEST_CASE("say what the format promises, word for word") {
        CHECK(
            render_line(
                "task.completed",
                R"({"task_id":"TASK-001","title":"Implement user auth","attempt":1,"max_attempts":1,"duration_seconds":45})"
            ) == "✅ Task TASK-001 completed — Implement user auth (attempt 1/1, 45s)"
        );
        CHECK(
            render_line(
                "task.failed",
                R"({"task_id":"TASK-001","error":"Build error","exit_code":1,"attempt":2,"max_attempts":3})"
            ) == "❌ Task TASK-001 failed — Build error: exit code 1 (attempt 2/3)"
        );
        CHECK(
            render_line(
                "task.escalated",
                R"({"task_id":"TASK-001","reason":"Gate failures after 3 attempts. Human review needed.","attempt":3})"
            ) == "🚨 Task TASK-001 escalated — Gate failures after 3 attempts. Human review needed."
        );
        CHECK(
            render_line("task.gated", R"({"task_id":"TASK-001","message":"Quality gates running..."})") ==
            "🔍 Task TASK-001 gated — Quality gates running..."
        );
        CHECK(
            render_line("task.gated", R"({"task_id":"TASK-001"})") ==
            "🔍 Task TASK-001 gated — Quality gates running..."
        );
        CHECK(
            render_line("task.started", R"({"task_id":"TASK-001","runtime":"codex","dispatch":"yolo"})") ==
            "⚙️ Task TASK-001 started — Worker: codex, dispatch: yolo"
        );
    }

    TEST_CASE("read members under metadata as if at the top") {
        CHECK(
            render_line(
                "task.completed",
                R"({"task_id":"T","metadata":{"title":"Do it","attempt":1,"max_attempts":2,"duration_seconds":185}})"
            ) == "✅ Task T completed — Do it (attempt 1/2, 3m 05s)"
        );
        CHECK(
            render_line("task.started", R"({"metadata":{"task_id":"T","worker":"pi","dispatch_type":"exec"}})") ==
            "⚙️ Task T started — Worker: pi, dispatch: exec"
        );
        CHECK(
            render_line("task.completed", R"({"task_id":"T","title":" ","metadata":{"title":"below"}})") ==
            "✅ Task T completed — below"
        );
    }

    TEST_CASE("leave out what is missing with its punctuation") {
        CHECK(render_line("task.completed", "{}") == "✅ Task completed");
        CHECK(render_line("task.completed", "") == "✅ Task completed");
        CHECK(render_line("task.completed", R"({"task_id":"T","duration_seconds":45})") == "✅ Task T completed (45s)");
        CHECK(render_line("task.completed", R"({"task_id":"T","attempt":2})") == "✅ Task T completed (attempt 2)");
        CHECK(
            render_line("task.completed", R"({"task_id":"T","max_attempts":2,"message":"done"})") ==
            "✅ Task T completed — done"
        );
        CHECK(render_line("task.started", R"({"task_id":"T"})") == "⚙️ Task T started");
        CHECK(
            render_line("task.started", R"({"task_id":"T","dispatch":"yolo"})") == "⚙️ Task T started — Dispatch: yolo"
        );
        CHECK(render_line("task.failed", R"({"task_id":"T","exit_code":137})") == "❌ Task T failed — exit code 137");
        CHECK(render_line("task.failed", R"({"task_id":"T","message":"gone"})") == "❌ Task T failed — gone");
        CHECK(render_line("task.escalated", R"({"task_id":"T","title":null,"reason":""})") == "🚨 Task T escalated");
    }

    TEST_CASE("give the exit code once") {
        CHECK(
            render_line("task.failed", R"({"error":"Exit code 1 from make","exit_code":1})") ==
            "❌ Task failed — Exit code 1 from make"
        );
        CHECK(
            render_line("task.failed", R"({"error":"exit code 12","exit_code":1})") ==
            "❌ Task failed — exit code 12: exit code 1"
        );
    }

    TEST_CASE("cover the rest of a task's life") {
        CHECK(render_line("task.created", R"({"task_id":"T","title":"x"})") == "📝 Task T created — x");
        CHECK(render_line("task.queued", R"({"task_id":"T","title":"x"})") == "📥 Task T queued — x");
        CHECK(
            render_line("task.assigned", R"({"task_id":"T","runtime":"codex"})") == "📌 Task T assigned — Worker: codex"
        );
        CHECK(
            render_line("task.cancelled", R"({"task_id":"T","reason":"by hand"})") == "🚫 Task T cancelled — by hand"
        );
    }
}

TEST_SUITE("durations") {
    TEST_CASE("are written in the two largest units") {
        for (auto const& [seconds, text] :
             {std::pair{0.0, "0s"},
              {45.0, "45s"},
              {59.4, "59s"},
              {59.6, "1m 00s"},
              {185.0, "3m 05s"},
              {3599.0, "59m 59s"},
              {3600.0, "1h 00m"},
              {3720.0, "1h 02m"},
              {360'000.0, "100h 00m"}}) {
            CHECK(render_duration(seconds) == text);
        }
        CHECK(render_line("task.completed", R"({"duration_seconds":"45"})") == "✅ Task completed (45s)");
        CHECK(render_line("task.completed", R"({"duration_seconds":-1})") == "✅ Task completed");
        CHECK(render_line("task.completed", R"({"duration_seconds":"soon"})") == "✅ Task completed");
        CHECK_FALSE(render_line("task.completed", R"({"duration_seconds":1e300})").empty());
    }
}

TEST_SUITE("session and agent lines") {
    TEST_CASE("hold the lifted fields") {
        CHECK(
            render_line(
                "session.test-failed",
                R"({"tool":"omx","session_name":"issue-65-x","repo_name":"clawhip","issue_number":65,"pr_number":72,)"
                R"("branch":"feat/issue-65-x","test_runner":"cargo-test","elapsed_secs":45,"summary":"tests failed","error_message":"1 test failed"})"
            ) ==
            "omx issue-65-x test-failed (repo=clawhip, issue=#65, pr=#72, branch=feat/issue-65-x, runner=cargo-test, "
            "elapsed=45s, "
            "summary=tests failed, error=1 test failed)"
        );
        CHECK(
            render_line(
                "agent.finished",
                R"({"agent_name":"omx","status":"finished","project":"clawhip","session_id":"s1","elapsed_secs":45,"summary":"s","error_message":"e"})"
            ) == "agent omx (finished, project=clawhip, session=s1, elapsed=45s, summary=s, error=e)"
        );
    }
    TEST_CASE("leave out what is missing") {
        CHECK(render_line("session.started", "{}") == "session started");
        CHECK(
            render_line("session.started", R"({"tool":"omx","session_id":"s1","project":"p"})") ==
            "omx s1 started (repo=p)"
        );
        CHECK(
            render_line("session.failed", R"({"tool":"omx","summary":"x","error_message":"x"})") ==
            "omx failed (summary=x)"
        );
        CHECK(render_line("agent.started", "{}") == "agent (started)");
    }
    TEST_CASE("take the status word from the event for the plain states only") {
        CHECK(render_line("session.blocked", R"({"status":"idle"})") == "session idle");
        CHECK(render_line("session.pr-created", R"({"status":"idle"})") == "session pr-created");
    }
}

TEST_SUITE("other lines") {
    TEST_CASE("are the message of a custom event, else the type and sorted JSON") {
        CHECK(render_line("custom", R"({"message":"hello"})") == "hello");
        CHECK(render_line("custom", R"({"b":1,"a":2})") == R"(custom {"a":2,"b":1})");
        CHECK(render_line("task.progress", R"({"task_id":"T"})") == R"(task.progress {"task_id":"T"})");
        CHECK(render_line("x", "") == "x");
        CHECK(render_line("x", "{broken") == "x");
        CHECK(render_line("x", "[1,2]") == "x [1,2]");
    }
}
