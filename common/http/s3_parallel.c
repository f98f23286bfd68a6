/* Several signed requests at once, over one thread: curl's multi interface. */
#include "http/s3_request.h"

#include "base/clock.h"
#include <assert.h>

enum { WAIT_MS_MAX = 200 };

/* One request of the list: waiting for its turn, on its way, or done. */
struct job {
    struct s3_attempt attempt;
    CURL *curl; /* on its way */
    unsigned tried;
    int64_t not_before_ms, deadline_ms;
    bool done;
};

struct round {
    struct s3 *s3;
    CURLM *multi;
    struct job *jobs;
    size_t n, left, running, parallel;
};

static bool launch(struct round *round, struct job *job, struct err *reterr)
{
    job->curl = curl_easy_init();
    if (job->curl == NULL)
        return err_stop(reterr, EX_OSERR, "libcurl does not start");
    s3_attempt_begin(round->s3, job->curl, &job->attempt);
    curl_easy_setopt(job->curl, CURLOPT_PRIVATE, job);
    if (curl_multi_add_handle(round->multi, job->curl) != CURLM_OK)
        return err_stop(reterr, EX_OSERR, "libcurl takes no more transfers");
    round->running++;
    return true;
}

/* Takes the job's transfer down. */
static void land(struct round *round, struct job *job)
{
    curl_multi_remove_handle(round->multi, job->curl);
    s3_attempt_done(job->curl, &job->attempt);
    curl_easy_cleanup(job->curl);
    job->curl = NULL;
    round->running--;
}

static bool finish(struct round *round, struct job *job, CURLcode code, struct err *reterr)
{
    enum s3_verdict verdict = s3_attempt_judge(round->s3, job->curl, &job->attempt, code, reterr);
    int64_t now_ms = clock_mono_ms();

    land(round, job);
    if (verdict == S3_ANSWERED) {
        job->done = true;
        round->left--;
        return true;
    }
    if (verdict == S3_HOPELESS || ++job->tried >= S3_ATTEMPTS_MAX || now_ms >= job->deadline_ms)
        return false;
    job->not_before_ms =
        now_ms + clock_backoff_ms(job->tried - 1, S3_BACKOFF_BASE_MS, S3_BACKOFF_CAP_MS);
    return true;
}

static bool launch_due(struct round *round, struct err *reterr)
{
    int64_t now_ms = clock_mono_ms();

    for (size_t i = 0; i < round->n && round->running < round->parallel; i++) {
        struct job *job = &round->jobs[i];

        if (!job->done && job->curl == NULL && job->not_before_ms <= now_ms &&
            !launch(round, job, reterr))
            return false;
    }
    return true;
}

static bool collect(struct round *round, struct err *reterr)
{
    int queued = 0;

    for (CURLMsg *message = curl_multi_info_read(round->multi, &queued); message != NULL;
         message = curl_multi_info_read(round->multi, &queued)) {
        void *job = NULL;
        CURLcode code = message->data.result;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&job);
        if (!finish(round, job, code, reterr))
            return false;
    }
    return true;
}

static bool run(struct round *round, struct err *reterr)
{
    while (round->left > 0) {
        int running = 0;

        if (!launch_due(round, reterr))
            return false;
        if (curl_multi_perform(round->multi, &running) != CURLM_OK ||
            curl_multi_poll(round->multi, NULL, 0, WAIT_MS_MAX, NULL) != CURLM_OK)
            return err_stop(reterr, EX_OSERR, "libcurl's transfers can't go on");
        if (!collect(round, reterr))
            return false;
    }
    return true;
}

bool s3_send_all(struct s3 *s3, const struct s3_request *requests, struct s3_answer *answers,
                 size_t n, size_t parallel, struct err *reterr)
{
    CLEANUP(free) struct job *jobs = err_calloc(n + 1, sizeof(*jobs));
    struct round round = {.s3 = s3, .jobs = jobs, .n = n, .left = n, .parallel = parallel};

    assert(parallel > 0);
    if (s3->multi == NULL)
        s3->multi = curl_multi_init();
    if (s3->multi == NULL)
        return err_stop(reterr, EX_OSERR, "libcurl does not start");
    round.multi = s3->multi;
    for (size_t i = 0; i < n; i++) {
        jobs[i].attempt = (struct s3_attempt){.request = &requests[i], .answer = &answers[i]};
        jobs[i].deadline_ms = clock_mono_ms() + s3->config->timeout_ms;
    }
    bool well = run(&round, reterr);
    for (size_t i = 0; i < n; i++)
        if (jobs[i].curl != NULL)
            land(&round, &jobs[i]);
    return well;
}
