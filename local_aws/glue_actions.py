"""Glue's API, action by action; what moto's catalog does well is inherited."""

from typing import Any

import moto.glue.models as moto_models
from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult, EmptyResult
from moto.glue.responses import GlueResponse

from local_aws.glue_backend import LocalGlueBackend
from local_aws.paging import page
from local_aws.unsupported import GLUE_ACTIONS, refusal


class LocalGlueResponse(GlueResponse):
    """One request to Glue."""

    @property
    def glue_backend(self) -> LocalGlueBackend:
        """Return the Glue of the request's region."""
        backend = moto_models.glue_backends[self.current_account][self.region]
        assert isinstance(backend, LocalGlueBackend)
        return backend

    def call_action(self) -> TYPE_RESPONSE:
        """Answer the request if its action is real here, refuse it otherwise."""
        action = self._get_action()
        if action in GLUE_ACTIONS:
            return super().call_action()
        answer = refusal(self.normalized_request, f"glue {action}")
        return answer.status_code, dict(answer.headers), answer.get_data(as_text=True)

    def create_job(self) -> ActionResult:
        """CreateJob."""
        name = self.parameters["Name"]
        self.glue_backend.job_definitions.create(self.parameters)
        self._tag("job", name)
        return ActionResult({"Name": name})

    def update_job(self) -> ActionResult:
        """UpdateJob."""
        name = self.parameters["JobName"]
        self.glue_backend.job_definitions.update(name, self.parameters["JobUpdate"])
        return ActionResult({"JobName": name})

    def get_job(self) -> ActionResult:
        """GetJob."""
        return ActionResult({
            "Job": self.glue_backend.job_definitions.get(self.parameters["JobName"])
        })

    def get_jobs(self) -> ActionResult:
        """GetJobs."""
        jobs, token = self._page(self.glue_backend.job_definitions.all())
        return ActionResult({"Jobs": jobs, "NextToken": token})

    def list_jobs(self) -> ActionResult:
        """ListJobs."""
        jobs, token = self._page(self.glue_backend.job_definitions.all())
        return ActionResult({"JobNames": [job["Name"] for job in jobs], "NextToken": token})

    def delete_job(self) -> ActionResult:
        """DeleteJob."""
        self.glue_backend.job_definitions.delete(self.parameters["JobName"])
        return ActionResult({"JobName": self.parameters["JobName"]})

    def start_job_run(self) -> ActionResult:
        """StartJobRun."""
        job = self.glue_backend.job_definitions.get(self.parameters["JobName"])
        return ActionResult({"JobRunId": self.glue_backend.runs.start(job, self.parameters).id})

    def get_job_run(self) -> ActionResult:
        """GetJobRun."""
        run = self.glue_backend.runs.find(self.parameters["JobName"], self.parameters["RunId"])
        return ActionResult({"JobRun": run.as_dict()})

    def get_job_runs(self) -> ActionResult:
        """GetJobRuns, newest first."""
        job = self.glue_backend.job_definitions.get(self.parameters["JobName"])
        runs = [run.as_dict() for run in self.glue_backend.runs.newest_first(job["Name"])]
        shown, token = self._page(runs, "Id", default_size=200)
        return ActionResult({"JobRuns": shown, "NextToken": token})

    def batch_stop_job_run(self) -> ActionResult:
        """BatchStopJobRun."""
        answer = self.glue_backend.runs.stop(
            self.parameters["JobName"], self.parameters["JobRunIds"]
        )
        return ActionResult(answer)

    def create_crawler(self) -> ActionResult:
        """CreateCrawler."""
        self.glue_backend.crawler_states.create(self.parameters)
        self._tag("crawler", self.parameters["Name"])
        return EmptyResult()

    def update_crawler(self) -> ActionResult:
        """UpdateCrawler."""
        self.glue_backend.crawler_states.update(self.parameters)
        return EmptyResult()

    def delete_crawler(self) -> ActionResult:
        """DeleteCrawler."""
        self.glue_backend.crawler_states.delete(self.parameters["Name"])
        return EmptyResult()

    def get_crawler(self) -> ActionResult:
        """GetCrawler."""
        crawler = self.glue_backend.crawler_states.get(self.parameters["Name"])
        return ActionResult({"Crawler": crawler.as_dict()})

    def get_crawlers(self) -> ActionResult:
        """GetCrawlers."""
        crawlers = [crawler.as_dict() for crawler in self.glue_backend.crawler_states.all()]
        shown, token = self._page(crawlers)
        return ActionResult({"Crawlers": shown, "NextToken": token})

    def list_crawlers(self) -> ActionResult:
        """ListCrawlers."""
        names = [crawler.name for crawler in self.glue_backend.crawler_states.all()]
        shown, token = page(names, str, self.parameters.get("NextToken"), self._size(100))
        return ActionResult({"CrawlerNames": shown, "NextToken": token})

    def start_crawler(self) -> ActionResult:
        """StartCrawler."""
        self.glue_backend.crawler_states.get(self.parameters["Name"]).start()
        return EmptyResult()

    def stop_crawler(self) -> ActionResult:
        """StopCrawler."""
        self.glue_backend.crawler_states.get(self.parameters["Name"]).request_stop()
        return EmptyResult()

    def get_crawler_metrics(self) -> ActionResult:
        """GetCrawlerMetrics."""
        wanted = self.parameters.get("CrawlerNameList")
        crawlers = self.glue_backend.crawler_states.all()
        shown = [one.metrics() for one in crawlers if not wanted or one.name in wanted]
        return ActionResult({"CrawlerMetricsList": shown})

    def _tag(self, kind: str, name: str) -> None:
        backend = self.glue_backend
        backend.tag_resource(backend.arn(kind, name), self.parameters.get("Tags"))

    def _page(
        self, items: list[dict[str, Any]], key: str = "Name", default_size: int = 100
    ) -> tuple[list[dict[str, Any]], str | None]:
        token = self.parameters.get("NextToken")
        return page(items, lambda item: str(item[key]), token, self._size(default_size))

    def _size(self, default_size: int) -> int:
        return int(self.parameters.get("MaxResults") or default_size)
