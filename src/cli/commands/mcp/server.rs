//! The server: says which tools there are, and calls them.

use super::answer::{Answer, answer};
use super::program::Program;
use super::tools::TOOLS;
use rmcp::ErrorData;
use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation,
    ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig,
};
use rmcp::service::{RequestContext, RoleServer};

/// What an agent is told first.
const INSTRUCTIONS: &str = "perfgate compares load test results with the baseline recorded for a git commit. \
Ask `verdict` after a load test; a regression (exit code 1) is real: `explain` shows why, and fixing the code is the answer. \
`accept` is for changes that a person agreed to. No verdict (exit code 3) means that nothing was shown either way: \
do what its last lines say, and do not report it as a pass.";

/// Answers an agent.
pub(super) struct Server {
    program: Program,
}

impl Server {
    pub(super) fn new(program: Program) -> Self {
        Self { program }
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("perfgate", env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(TOOLS.iter().map(|tool| tool.described()).collect()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let tool = TOOLS.iter().find(|tool| tool.name == request.name);
        let Some(tool) = tool else {
            let names: Vec<&str> = TOOLS.iter().map(|tool| tool.name).collect();
            let problem = format!("there is no tool {}: use {}", request.name, names.join(", "));
            return Err(ErrorData::invalid_params(problem, None));
        };
        let given = request.arguments.unwrap_or_default();
        let asked = (tool.read)(given.into())
            .map_err(|why| ErrorData::invalid_params(format!("{}: {why}", tool.name), None))?;
        let Answer { text, is_error } = tokio::select! {
            answer = answer(asked, &self.program) => answer,
            // What was started ends with the question.
            () = context.ct.cancelled() => Answer::error("it was cancelled".to_owned()),
        };
        let content = vec![ContentBlock::text(text)];
        let result = if is_error {
            CallToolResult::error(content)
        } else {
            CallToolResult::success(content)
        };
        Ok(result.into())
    }
}
