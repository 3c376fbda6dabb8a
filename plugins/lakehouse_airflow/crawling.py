"""Publishing the tables to the catalog, by a crawl that began after the batch was loaded."""

from typing import Any, NoReturn

from airflow.providers.amazon.aws.operators.glue_crawler import GlueCrawlerRunOperator
from airflow.providers.amazon.aws.triggers.glue_crawler import GlueCrawlerCompleteTrigger
from airflow.sdk import Context
from botocore.exceptions import ClientError

from lakehouse_airflow.aws import error_code
from lakehouse_airflow.batches import CRAWLED, batch_of
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.records import utc_text


class FreshCrawlOperator(GlueCrawlerRunOperator):
    """Runs the crawler, after the end of a crawl that is already running.

    The provider's operator would wait for that crawl and be content: it may have read a table's log
    before the batch was in it.

    :param deployment: the deploy facts
    :param batch_id: the batch that the crawl publishes (templated)
    """

    template_fields = (*GlueCrawlerRunOperator.template_fields, "batch_id")

    def __init__(self, *, deployment: Deployment, batch_id: str, **kwargs: Any) -> None:
        """Take the deploy facts; all other arguments are an operator's own."""
        super().__init__(
            crawler_name=deployment.crawler.name,
            poll_interval=deployment.airflow.poll_seconds.crawler,
            region_name=deployment.region,
            deferrable=True,
            **kwargs,
        )
        self.deployment = deployment
        self.batch_id = batch_id

    def execute(self, context: Context) -> str:
        """Start a crawl, or wait for the running one first; both waits are the triggerer's."""
        batch_of(self.deployment, self.batch_id).require_passed()
        try:
            return super().execute(context)
        except ClientError as error:
            if error_code(error) != "CrawlerRunningException":
                raise
        self.log.info("%s is running, perhaps since before the load", self.crawler_name)
        self._wait_for_earlier_crawl()

    def execute_after_earlier_crawl(self, context: Context, event: dict[str, Any]) -> str:
        """Start the crawl that counts, however the earlier one ended."""
        return self.execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> str:
        """Write down when the crawl began, if it succeeded."""
        name: str = super().execute_complete(context, event)
        batch = batch_of(self.deployment, self.batch_id)
        batch.require_passed()
        crawl = self.hook.get_crawler(name)["LastCrawl"]
        record = {"crawler": name, "started_at": utc_text(crawl["StartTime"])}
        batch.put(CRAWLED.format(batch.current_attempt()), record)
        return name

    def _wait_for_earlier_crawl(self) -> NoReturn:
        self.defer(
            trigger=GlueCrawlerCompleteTrigger(
                crawler_name=self.crawler_name,
                waiter_delay=self.poll_interval,
                aws_conn_id=self.aws_conn_id,
                region_name=self.region_name,
                verify=self.verify,
                botocore_config=self.botocore_config,
            ),
            method_name="execute_after_earlier_crawl",
        )
